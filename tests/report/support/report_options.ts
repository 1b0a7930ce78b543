/** Report options shared by the tests. */
export const reportOptions = {
  title: "Report",
  subtitle: "",
  introduction: "",
  command: "fluxion report a",
  version: "0",
  seed: 0,
  backend: "cpu",
} as const;
