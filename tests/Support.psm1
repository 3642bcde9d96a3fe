# What the Pester tests share: the built module, two throw-away servers, databases and configurations on them. The servers
# are the core's own sandboxes, reached through the module's load context: there is no second implementation.

$module = $env:BACKUPSYNC_TEST_MODULE ?? (Join-Path $PSScriptRoot '..' 'output' 'BackupSync')
if (-not (Get-Module BackupSync)) {
    Import-Module $module -Global
}
$context = [System.Runtime.Loader.AssemblyLoadContext]::GetLoadContext((Get-Command Invoke-DbSync).ImplementingType.Assembly)
$core = $context.LoadFromAssemblyName('BackupSync.Core')
$npgsql = $context.LoadFromAssemblyName('Npgsql')
$servers = @{}
$count = 0

# A type of the core by its name without BackupSync, such as Runs.RunStep.
function Get-CoreType([string] $Name) {
    $core.GetType("BackupSync.$Name", $true)
}

# One server of a name for all tests of the session; Stop-TestServer ends them.
function Get-TestServer([string] $Name) {
    if (-not $servers[$Name]) {
        $options = (Get-CoreType Sandbox.SandboxOptions)::new()
        $options.Name = $Name
        $servers[$Name] = (Get-CoreType Sandbox.SandboxServer)::StartAsync($options, [System.Threading.CancellationToken]::None).GetAwaiter().GetResult()
    }
    $servers[$Name]
}

function Stop-TestServer {
    foreach ($server in $servers.Values) {
        $null = $server.DisposeAsync().AsTask().GetAwaiter().GetResult()
    }
    $servers.Clear()
}

# Runs SQL, and writes the first column of what it returns.
function Invoke-TestSql([string] $Url, [string] $Sql) {
    $settings = (Get-CoreType Postgres.DatabaseAddress)::Parse($Url).ToNpgsql()
    $settings.Pooling = $false
    $connection = $npgsql.GetType('Npgsql.NpgsqlConnection')::new($settings.ConnectionString)
    try {
        $connection.Open()
        $command = $connection.CreateCommand()
        $command.CommandText = $Sql
        $reader = $command.ExecuteReader()
        while ($reader.Read()) {
            $reader.GetValue(0)
        }
        $reader.Close()
    }
    finally {
        $connection.Dispose()
    }
}

# A new database on a server of its own kind, with a password in its URL that must never be shown.
function New-TestDatabase([string] $ServerName) {
    $server = Get-TestServer $ServerName
    $script:count++
    $name = "test_$script:count"
    Invoke-TestSql $server.ConnectionString "CREATE DATABASE $name"
    $server.ConnectionString -replace '/[^/]+$', "/$name"
}

# A source with some rows, an empty target, and a folder with a configuration that has the job 'copy' between them. More of the
# job's settings may be given, as in the file.
function New-TestPair([string] $Folder, [string] $TargetRole = 'backup', [string[]] $Settings = @()) {
    $null = New-Item -ItemType Directory -Path $Folder -Force
    $source = New-TestDatabase source
    $target = New-TestDatabase target
    Invoke-TestSql $source @'
        CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL);
        CREATE TABLE wallets (id integer PRIMARY KEY REFERENCES users, balance numeric NOT NULL);
        INSERT INTO users SELECT n, 'user ' || n || md5(n::text) FROM generate_series(1, 500) n;
        INSERT INTO wallets SELECT n, n * 1.5 FROM generate_series(1, 100) n;
'@
    $config = Join-Path $Folder 'backupsync.yml'
    Set-Content -LiteralPath $config -Value @"
databases:
  first:  { url: "$source", role: production }
  second: { url: "$target", role: $TargetRole }
jobs:
  copy:
    source: first
    target: second
    verify: { report: [users, wallets] }
    guards: { minimumBackupSize: 1KB }
    backups: { directory: backups }
$($Settings.ForEach{ "    $_" } -join "`n")
"@
    [pscustomobject]@{ Folder = $Folder; Config = $config; Source = $source; Target = $target; Backups = Join-Path $Folder 'backups' }
}

# A folder with a configuration whose job 'copy' cannot connect, and with a channel of alerts that appends what it gets to a file, and one
# that takes nothing.
function New-TestAlert([string] $Folder) {
    $null = New-Item -ItemType Directory -Path $Folder -Force
    $config = Join-Path $Folder 'backupsync.yml'
    $received = Join-Path $Folder 'received.jsonl'
    $shell, $append, $fail = $IsWindows ?
        ('pwsh, -NoProfile, -Command', "[Console]::In.ReadToEnd() | Add-Content -LiteralPath '$received'", 'exit 3') :
        ('sh, -c', "cat >>'$received'; echo >>'$received'", 'exit 3')
    Set-Content -LiteralPath $config -Value @"
databases:
  first:  { url: "postgresql://u@127.0.0.1:9/first" }
  second: { url: "postgresql://u@127.0.0.1:9/second" }
alerts:
  channels:
    program: { command: [$shell, "$append"] }
    broken: { command: [$shell, $fail] }
  rules: [{ on: [failed], to: [program] }]
jobs:
  copy: { source: first, target: second, limits: { connect: 1s } }
"@
    [pscustomobject]@{ Folder = $Folder; Config = $config; Received = $received }
}

# Two databases with rows, an empty one to restore to, and a folder with a configuration that has places and a plan for them.
function New-TestVault([string] $Folder, [switch] $Encrypted, [string] $Places = '') {
    $null = New-Item -ItemType Directory -Path $Folder -Force
    $urls = @{}
    foreach ($name in 'auth', 'trading') {
        $urls[$name] = New-TestDatabase source
        Invoke-TestSql $urls[$name] @'
            CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL);
            CREATE TABLE orders (id integer PRIMARY KEY, owner integer NOT NULL REFERENCES users);
            INSERT INTO users SELECT n, 'user ' || n || md5(n::text) FROM generate_series(1, 300) n;
            INSERT INTO orders SELECT n, n FROM generate_series(1, 50) n;
'@
    }
    $urls.copy = New-TestDatabase target
    $config = Join-Path $Folder 'backupsync.yml'
    Set-Content -LiteralPath $config -Value @"
tiers:
  critical: { rto: 1h, rpo: 15m }
databases:
  auth:      { url: "$($urls.auth)", role: production, tier: critical }
  trading:   { url: "$($urls.trading)", role: backup }
  auth_copy: { url: "$($urls.copy)", role: development, tier: critical }
  missing:   { url: "$($urls.copy -replace '/[^/]+$', '/no_such_database')", role: backup }
places:
  local:   { directory: backups }
  offsite: { directory: offsite }
$Places
backupPlans:
  nightly: { databases: [auth, trading], places: [local, offsite], keep: { days: 7 }, verify: integrity }
  faulty:  { databases: [missing, trading] }
$(if ($Encrypted) { 'encryption: { passphrase: "correct horse battery staple" }' })
"@
    [pscustomobject]@{
        Folder = $Folder; Config = $config; Auth = $urls.auth; Trading = $urls.trading; Copy = $urls.copy
        Local = Join-Path $Folder 'backups'; Offsite = Join-Path $Folder 'offsite'
    }
}

# Makes a backup older than it is, as its manifest tells. Manifests of format 1 have no checksum to fit.
function Set-BackupAge($Backup, [int] $Days) {
    $manifest = "$($Backup.Path).json"
    $signed = (Get-Content $manifest -Raw) -match '"format": 3'
    if ($signed) {
        $store = Get-CoreType Backups.ManifestStore
        $store::Write($Backup.Path, $store::Read($Backup.Path))
    }
    (Get-Content $manifest -Raw) -replace '("created":\s*")[^"]+', "`${1}$($Backup.Created.AddDays(-$Days).ToString('o'))" -replace '"format": 2', '"format": 1' | Set-Content $manifest -NoNewline
    if ($signed) {
        Get-Item $Backup.Path | Set-DbBackupSignature -Confirm:$false | Out-Null
    }
}

# Changes one byte in the middle of a file.
function Set-FlippedBit([string] $Path) {
    $bytes = [System.IO.File]::ReadAllBytes($Path)
    $middle = [int] ($bytes.Length / 2)
    $bytes[$middle] = $bytes[$middle] -bxor 1
    [System.IO.File]::WriteAllBytes($Path, $bytes)
}

# Legal on the source; on the target its rows cannot be loaded, because its constraint needs a setting of the source's database.
function Add-Untransferable([string] $Url) {
    Invoke-TestSql $Url "DO `$`$ BEGIN EXECUTE format('ALTER DATABASE %I SET test.place = %L', current_database(), 'here'); END `$`$"
    Invoke-TestSql $Url @'
        CREATE FUNCTION is_here(place text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 = current_setting(''test.place'')';
        CREATE TABLE places (id integer PRIMARY KEY, place text CHECK (is_here(place)));
        INSERT INTO places VALUES (1, 'here');
'@
}

# Runs code in a PowerShell of its own, and writes all it says as text. One that is installed as a .NET tool runs inside dotnet,
# which has to be told what to run.
function Invoke-Pwsh([string] $Code) {
    $program = [Environment]::ProcessPath
    $assembly = @(if ((Split-Path $program -LeafBase) -eq 'dotnet') { Join-Path $PSHOME 'pwsh.dll' })
    $null | & $program @assembly -NoProfile -NonInteractive -Command $Code 2>&1 | ForEach-Object { "$_" }
}

# Runs PowerShell code as a scheduler does: in a process of its own, with the module, in a folder, with nobody to ask.
function Invoke-Unattended([string] $Folder, [string] $Code) {
    $command = "Set-Location -LiteralPath '$Folder'; Import-Module '$module'; $Code"
    $output = Invoke-Pwsh $command
    [pscustomobject]@{ ExitCode = $LASTEXITCODE; Output = $output -join "`n" }
}

# Runs PowerShell code on a terminal, in front of which somebody answers every question with these keys.
function Invoke-OnTerminal([string] $Folder, [string] $Code, [string] $Keys) {
    $program = [Environment]::ProcessPath
    $assembly = if ((Split-Path $program -LeafBase) -eq 'dotnet') { "'$(Join-Path $PSHOME 'pwsh.dll')'" }
    $file = Join-Path $Folder 'on-terminal.ps1'
    Set-Content -LiteralPath $file "Set-Location -LiteralPath '$Folder'; Import-Module '$module'; $Code"
    $output = "$Keys`n" * 3 | script -qec "'$program' $assembly -NoProfile -File '$file'" /dev/null
    $output -join "`n" -replace '\e\[[0-9;?]*[a-zA-Z]'
}

# The same, in front of which somebody presses Ctrl+C once a file has a text.
function Stop-OnTerminal([string] $Folder, [string] $Code, [string] $File, [string] $Text) {
    $program = [Environment]::ProcessPath
    $assembly = if ((Split-Path $program -LeafBase) -eq 'dotnet') { "'$(Join-Path $PSHOME 'pwsh.dll')'" }
    $script = Join-Path $Folder 'on-terminal.ps1'
    Set-Content -LiteralPath $script "Set-Location -LiteralPath '$Folder'; Import-Module '$module'; $Code"
    $start = [System.Diagnostics.ProcessStartInfo]::new('script', [string[]]@('-qec', "stty cols 200; '$program' $assembly -NoProfile -File '$script'", '/dev/null'))
    $start.RedirectStandardInput = $start.RedirectStandardOutput = $true
    $process = [System.Diagnostics.Process]::Start($start)
    $output = $process.StandardOutput.ReadToEndAsync()
    $limit = [datetime]::UtcNow.AddSeconds(60)
    while (-not ((Test-Path $File) -and (Select-String -LiteralPath $File -SimpleMatch $Text -Quiet)) -and [datetime]::UtcNow -lt $limit) {
        [System.Threading.Thread]::Sleep(20)
    }
    $process.StandardInput.Write([char] 3)
    $process.StandardInput.Flush()
    if (-not $output.Wait([timespan]::FromSeconds(60))) { $process.Kill($true) }
    $output.Result -replace '\e\[[0-9;?]*[a-zA-Z]'
}

# What Tab would offer at the end of a line.
function Get-Completion([string] $Line) {
    (TabExpansion2 -inputScript $Line -cursorColumn $Line.Length).CompletionMatches
}

$null = Register-EngineEvent -SourceIdentifier PowerShell.Exiting -SupportEvent -Action { Stop-TestServer }.GetNewClosure()

Export-ModuleMember -Function *-*, Get-CoreType
