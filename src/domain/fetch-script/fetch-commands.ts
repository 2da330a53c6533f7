/** What one run command of ours reads on the machine. Only integers and a version of integers vary. */
export type Reading =
  | { what: 'list' }
  | {
      what: 'script' | 'output';
      /** The number of the action run command, as it stands in the file's path. */
      run: number;
      /** Windows: the version of the extension, such as "1.1.22". */
      version: string | null;
      /** Where this chunk begins in the compressed, Base64 encoded file, in characters. */
      from: number;
    };

export type Os = 'Linux' | 'Windows';

/**
 * Azure returns the last 4,096 bytes of a managed run command's output. A chunk with its header and end
 * mark stays below that. Source: Azure/run-command-handler-linux, internal/cmds/cmds.go, maxTailLen.
 */
export const chunkLength = 3800;
/** Scripts listed at most, newest first. */
export const maxListed = 20;
/** How much of a script is read, bytes. Azure takes no longer ones (the same repository, maxScriptSize). */
export const maxScriptBytes = 262_144;
/** How much of the output and of the errors is read, bytes: as much as Azure returned to the caller. */
export const maxOutputBytes = 4096;
/** How much of a Windows status file is read, bytes. It has the output and the errors. */
export const maxStatusBytes = 65_536;

/**
 * Where action run commands leave their files. Linux: Azure/run-command-extension-linux, main/main.go (dataDir,
 * downloadDir) and main/cmds.go (script.sh). Windows: the paths in the extension's error messages, and
 * "Retrieve Azure VM Run Commands through Defender AH tables", pisinger.github.io, 2025-06-06 (Downloads, Status).
 */
export const linuxFolder = '/var/lib/waagent/run-command/download';
export const windowsFolder = 'C:\\Packages\\Plugins\\Microsoft.CPlat.Core.RunCommandWindows';

const versionPattern = /^\d{1,5}(\.\d{1,5}){1,3}$/;
const maxRun = 999_999_999;

const head = (comment: string) => `# Runwatch: ${comment}. It only reads.`;

/**
 * The fixed script for a reading. Nothing from an alert or from the machine is put into it except checked
 * integers.
 * @throws {Error} if a number or the version is not what it must be
 */
export function fetchCommand(os: Os, reading: Reading): string {
  if (reading.what === 'list') return os === 'Linux' ? linuxList : windowsList;
  const { what, run, from, version } = reading;
  if (!isInteger(run) || !isInteger(from)) throw new Error('a run command of ours takes only integers');
  if (os === 'Linux') return linuxRead(what, run, from);
  if (version === null || !versionPattern.test(version)) throw new Error('not a version of the extension');
  return windowsRead(what, run, from, version);
}

const isInteger = (value: number) => Number.isInteger(value) && value >= 0 && value <= maxRun;

export const isVersion = (text: string): boolean => versionPattern.test(text);

const linuxList = `#!/bin/sh
${head('lists the scripts of action run commands')}
export LC_ALL=C PATH=/usr/bin:/bin
dir=${linuxFolder}
all=$(
  for file in "$dir"/*/script.sh; do
    run=\${file#"$dir"/}
    run=\${run%/script.sh}
    case $run in '' | *[!0-9]*) continue ;; esac
    [ -f "$file" ] && [ ! -L "$file" ] && [ ! -L "$dir/$run" ] || continue
    stat -c "$run %Y %s" "$file"
  done | sort -k1,1nr
)
printf 'runwatch list %d\\n' "$(printf '%s\\n' "$all" | grep -c .)"
printf '%s\\n' "$all" | head -n ${maxListed}
printf 'end\\n'
`;

const linuxContent = {
  script: `content() { part script.sh head ${maxScriptBytes}; }
first() { content; }`,
  output: `content() { first; part stderr tail ${maxOutputBytes}; }
first() { part stdout tail ${maxOutputBytes}; }`,
} as const;

const linuxRead = (what: 'script' | 'output', run: number, from: number) => `#!/bin/sh
${head(`reads the ${what} of one action run command, in chunks`)}
export LC_ALL=C PATH=/usr/bin:/bin
run=${run}
from=${from}
dir=${linuxFolder}/$run
part() { [ -f "$dir/$1" ] && [ ! -L "$dir/$1" ] && [ ! -L "$dir" ] && "$2" -c "$3" "$dir/$1"; }
${linuxContent[what]}
bytes=$(($(content | wc -c)))
first=$(($(first | wc -c)))
sum=$(content | sha256sum | cut -c 1-64)
data=$(content | gzip -nc | base64 | tr -d '\\n')
printf 'runwatch ${what} %d %d %d %d %s %d\\n' "$run" "$from" "$bytes" "$first" "$sum" "\${#data}"
printf '%s' "$data" | tail -c +$((from + 1)) | head -c ${chunkLength}
printf '\\nend\\n'
`;

const windowsList = `${head('lists the scripts of action run commands')}
$ErrorActionPreference = 'SilentlyContinue'
$root = '${windowsFolder}'
$link = [IO.FileAttributes]::ReparsePoint
$epoch = [DateTime]'1970-01-01'
$all = @(
  foreach ($folder in Get-ChildItem -LiteralPath $root -Directory) {
    if ($folder.Name -notmatch '^\\d{1,5}(\\.\\d{1,5}){1,3}$') { continue }
    if ($folder.Attributes -band $link) { continue }
    foreach ($file in Get-ChildItem -LiteralPath (Join-Path $folder.FullName 'Downloads') -File) {
      if ($file.Attributes -band $link) { continue }
      if ($file.Name -match '^script(\\d{1,9})\\.ps1$') {
        $run = [int]$Matches[1]
        $at = [int64][Math]::Floor(($file.LastWriteTimeUtc - $epoch).TotalSeconds)
        New-Object psobject -Property @{ At = $at; Line = "$run $at $($file.Length) $($folder.Name)" }
      }
    }
  }
)
"runwatch list $($all.Count)"
$all | Sort-Object At -Descending | Select-Object -First ${maxListed} | ForEach-Object { $_.Line }
'end'
`;

const windowsRead = (what: 'script' | 'output', run: number, from: number, version: string) => {
  const path = what === 'script' ? `Downloads\\script${run}.ps1` : `Status\\${run}.status`;
  return `${head(`reads the ${what} of one action run command, in chunks`)}
$ErrorActionPreference = 'Stop'
$run = ${run}
$from = ${from}
$file = '${windowsFolder}\\${version}\\${path}'
$bytes = [byte[]]@()
$found = Get-Item -LiteralPath $file -ErrorAction SilentlyContinue
$link = [IO.FileAttributes]::ReparsePoint
if ($found -and -not ($found.Attributes -band $link)) {
  $stream = [IO.File]::Open($file, 'Open', 'Read', 'ReadWrite')
  $bytes = New-Object byte[] ([int][Math]::Min($stream.Length, ${what === 'script' ? maxScriptBytes : maxStatusBytes}))
  $read = $stream.Read($bytes, 0, $bytes.Length)
  $stream.Close()
  if ($read -lt $bytes.Length) { throw 'the file changed while it was read' }
}
$sum = -join ([Security.Cryptography.SHA256]::Create().ComputeHash($bytes) | ForEach-Object { $_.ToString('x2') })
$packed = New-Object IO.MemoryStream
$zip = New-Object IO.Compression.GZipStream($packed, [IO.Compression.CompressionMode]::Compress)
$zip.Write($bytes, 0, $bytes.Length)
$zip.Close()
$data = [Convert]::ToBase64String($packed.ToArray())
"runwatch ${what} $run $from $($bytes.Length) $($bytes.Length) $sum $($data.Length)"
$data.Substring([Math]::Min($from, $data.Length), [Math]::Max(0, [Math]::Min(${chunkLength}, $data.Length - $from)))
'end'
`;
};
