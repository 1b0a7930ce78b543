import own from "../LICENSE" with { type: "text" };
import thirdParty from "../THIRD_PARTY_LICENSES.md" with { type: "text" };

/** The licence of Fluxion, followed by those of embedded software. */
export const licenseTexts = `${own.trimEnd()}\n\n${thirdParty.trimEnd()}\n`;
