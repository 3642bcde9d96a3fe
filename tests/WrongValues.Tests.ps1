# Every parameter of every cmdlet with wrong values, as the cmdlets themselves know them. The seed is fixed; BACKUPSYNC_FUZZ=200
# sets how many values each parameter is given.
BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $cmdlets = (Get-Command -Module BackupSync).Name | Sort-Object
}

BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $count = [int]($env:BACKUPSYNC_FUZZ ?? 12)
    $known = @(
        $null, '', ' ', "`t", '0', '-1', '1.5', '1e400', '99999999999', 'NaN', 'true', 'a', ([string][char]0x202E), "`e[31mred", ([string][char]0xD800), "a`0b", "a`nb", '..', '../..', '/',
        '/dev/null', '/no/such/file', 'C:\x', 'nope:\x', 'HKLM:\x', 'function:\x', '~', '~/..', 's3://bucket/key', '*', '?', '[', '[]', '[a', '{}', '%00', '${X}', "'", '"', '--', '@', '5 minutes', '-5m',
        '2024-13-45', '0 0 31 2 *', 'postgresql://u:p@h:99999/x', 'postgresql://[::1', 'host=x port=y', 'postgresql://h/%zz', ('a' * 5000), ('[' * 300),
        @(), @($null), @('', $null), @('a', 'a'), @(@('a'), @()), @{}, @{ a = 1 }, [pscustomobject]@{}, [pscustomobject]@{ Path = $null; FullName = 3 }, 0, -1, [int]::MaxValue, [int]::MinValue, [long]::MaxValue,
        [double]::NaN, 1e300, $true, $false, [datetime]::MinValue, [datetime]::MaxValue, [datetimeoffset]::MinValue, [timespan]::MaxValue, [timespan]::MinValue, [guid]::Empty, { throw }, [type], [version]'1.2')
    $common = [System.Management.Automation.PSCmdlet]::CommonParameters + [System.Management.Automation.PSCmdlet]::OptionalCommonParameters

    $folder = (New-Item -ItemType Directory -Path (Join-Path $TestDrive 'fuzz')).FullName
    $null = New-Item -ItemType Directory -Path (Join-Path $folder 'backups/a')
    Set-Content (Join-Path $folder 'file.dump') 'PGDMP'
    Set-Content (Join-Path $folder 'backups/a/a_manual_backup_20260101_020000.dump') 'PGDMP'
    Set-Content (Join-Path $folder 'backups/a/a_manual_backup_20260101_020000.dump.json') 'null'
    $config = Join-Path $folder 'fuzz.yml'
    Set-Content $config @'
databases:
  a: { url: "${BACKUPSYNC_NOT_SET_A}", role: production }
  b: { url: "${BACKUPSYNC_NOT_SET_B}" }
backupPlans:
  p: { databases: all }
jobs:
  j: { source: a, target: b, limits: { connect: 1s } }
'@

    function Get-GoodValue($Parameter) {
        switch -Regex ($Parameter.Name) {
            'Job|Plan' { return 'j' }
            'Path|File' { return 'file.dump' }
            'Url' { return 'postgresql://u:p@127.0.0.1:99999/x' }
            default { return 'a' }
        }
    }

    function Get-Wrong([string] $Place) {
        $seed = 17
        $Place.ToCharArray().ForEach{ $seed = ($seed * 31 + [int]$_) % 1000003 }
        $random = [random]::new($seed)
        $values = [object[]]$known.Clone()
        $random.Shuffle($values)
        # These found what fewer values than all of them would seldom find.
        , @{ Value = @{} }
        , @{ Value = "a`0b" }
        # Wrapped, or the pipeline would take lists apart.
        for ($i = 0; $i -lt [Math]::Min($count, $values.Count); $i++) {
            , @{ Value = $values[$i] }
        }
        for ($i = $values.Count; $i -lt $count; $i++) {
            , @{ Value = -join (1..$random.Next(1, 6)).ForEach{ [string]$known[$random.Next(40)] } }
        }
    }
}

Describe 'Wrong values' {
    It 'end <_> in a sentence' -ForEach $cmdlets {
        $command = Get-Command $_
        $crashes = [System.Collections.Generic.List[string]]::new()
        $cases = 0
        Push-Location $folder
        try {
            foreach ($set in $command.ParameterSets) {
                # For a credential PowerShell itself asks whoever sits there.
                $own = $set.Parameters.Where{ $_.Name -notin $common -and $_.ParameterType -notin [switch], [pscredential] }
                foreach ($parameter in $own) {
                    foreach ($wrong in Get-Wrong "$($command.Name) $($set.Name) $($parameter.Name)") {
                        # Some write to where they are told to: nothing that could be a path out of the test's folder is given to any.
                        if (@($wrong.Value).Where{ "$_" -match '^\s*([/~\\]|\w+:)|\.\.' }) {
                            continue
                        }
                        $cases++
                        $with = @{}
                        foreach ($needed in $own.Where{ $_.IsMandatory }) {
                            $with[$needed.Name] = Get-GoodValue $needed
                        }
                        if ($own.Name -contains 'Config') {
                            $with.Config = $config
                        }
                        if ($set.Parameters.Name -contains 'Confirm') {
                            $with.Confirm = $false
                        }
                        $with[$parameter.Name] = $wrong.Value
                        $failures = @()
                        try {
                            $null = & $command @with -ErrorAction SilentlyContinue -ErrorVariable failures -WarningAction SilentlyContinue
                        }
                        catch {
                            $failures = @($failures) + $_
                        }
                        foreach ($failure in $failures.Where{ $_ -is [System.Management.Automation.ErrorRecord] }) {
                            # What PowerShell says of a value that it cannot convert names the type; the id of what nobody caught is its type.
                            $isBinding = $failure.Exception -is [System.Management.Automation.ParameterBindingException]
                            if ($failure.FullyQualifiedErrorId -cmatch '^[A-Z]\w+(\.\w+)*\.\w+Exception\b' -or
                                (-not $isBinding -and "$failure" -cmatch 'defect of BackupSync|(?m)^   at |\b[A-Z][A-Za-z]+Exception\b|BackupSync\.[A-Z]\w+\.[A-Z]')) {
                                $crashes.Add("-$($parameter.Name) $($wrong.Value | ConvertTo-Json -Compress -Depth 2 -WarningAction SilentlyContinue): $($failure.FullyQualifiedErrorId): $failure")
                            }
                        }
                    }
                }
            }
        }
        finally {
            Pop-Location
        }
        "$($crashes.Count) of $cases`n$(($crashes | Select-Object -First 8) -join "`n")" | Should -BeLike '0 of *'
    }
}
