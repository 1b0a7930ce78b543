import own from "../LICENSE" with { type: "text" };
import thirdParty from "../THIRD_PARTY_LICENSES.md" with { type: "text" };

/** The licence of Fluxion, then those of what is embedded in it. */
export const licenseTexts = `${own.trimEnd()}\n\n${thirdParty.trimEnd()}\n`;
