/** What is typed on a terminal: every subcommand, with the exit code that the documentation gives it. */
export interface TerminalCase {
  readonly args: string;
  readonly code: number;
  /** On the screen at the end. */
  readonly shows: RegExp;
  /** Draws a progress bar on its way. */
  readonly bar?: true;
  /** Takes seconds: run at one width. */
  readonly long?: true;
}

const cpu = "--backend cpu";
const tiny = "--hidden 4 --batch-size 8 --steps 40 --sample-every 0";
const images = "--filters 4 --batch-size 4 --steps 2 --sample-every 0";

/** Makes the folders `cnf` and `fm` that the cases read. Images ask for an adapter. */
export const trainings: readonly TerminalCase[] = [
  { args: `train cnf --run cnf ${tiny}`, code: 0, shows: /^cnf$/m, bar: true },
  {
    args: `train fm --run fm ${images} --solver euler --solver-steps 2`,
    code: 0,
    shows: /^fm$/m,
    bar: true,
  },
];

/** For each width; files get its number, so that nothing stands in the next one's way. */
export function terminalCases(columns: number): readonly TerminalCase[] {
  return [
    { args: "--help", code: 0, shows: /EXAMPLES/ },
    { args: "trian", code: 2, shows: /did you mean train/ },
    {
      args: `train cnf --run cnf --resume --overwrite`,
      code: 2,
      shows: /give one of them/,
    },
    { args: "train cnf --run cnf --resume", code: 0, shows: /finished already/ },
    {
      args: `sample cnf --n 300 --out points-${columns}.csv ${cpu}`,
      code: 0,
      shows: /^$/,
      bar: true,
    },
    { args: `sample fm --n 4 --out digits-${columns}.png`, code: 0, shows: /^$/, bar: true },
    { args: `sample cnf --n 4 --out - ${cpu}`, code: 0, shows: /^-?\d\S*,-?\d\S*$/m },
    { args: `log-prob cnf --points points-${columns}.csv ${cpu}`, code: 0, shows: /^-\d+\.\d+$/m },
    { args: "log-prob cnf --points nowhere.csv", code: 2, shows: /nowhere\.csv/ },
    { args: `eval cnf --n 20 ${cpu}`, code: 0, shows: /"nll": / },
    { args: "eval fm --n 20", code: 0, shows: /"loss": / },
    { args: `plot cnf --out plots-${columns} ${cpu}`, code: 0, shows: /density\.png/, long: true },
    { args: "theory fm-variance", code: 0, shows: /claims hold/, long: true },
    {
      args: `report cnf --out report-${columns}.html ${cpu}`,
      code: 0,
      shows: /report-\d+\.html$/m,
      bar: true,
      long: true,
    },
    {
      args: `import cnf cnf/model.safetensors --run imported-${columns}`,
      code: 0,
      shows: /^imported-\d+$/m,
    },
    { args: "import fm nowhere.safetensors", code: 2, shows: /nowhere\.safetensors/ },
    { args: "data list", code: 0, shows: /^checkerboard/m },
    {
      args: `data preview moons --out moons-${columns}.png`,
      code: 0,
      shows: /^moons-\d+\.png$/m,
    },
    { args: "data fetch mnist --from nowhere", code: 2, shows: /nowhere/ },
    { args: "data verify moons", code: 0, shows: /computed/ },
    { args: "doctor", code: 0, shows: /Backend cpu/, long: true },
    { args: "completions bash", code: 0, shows: /__complete/ },
    { args: "version", code: 0, shows: /^fluxion \d/m },
  ];
}
