BeforeDiscovery {
    $files = Get-ChildItem (Join-Path $PSScriptRoot '..' 'examples') -Filter *.yml | ForEach-Object { @{ Name = $_.Name; File = $_.FullName } }
}

BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $examples = Join-Path $PSScriptRoot '..' 'examples' -Resolve
}

Describe 'The examples' {
    It 'have a good configuration in <Name>' -ForEach $files {
        $names = 'RAILWAY_DATABASE_URL', 'DATABASE_URL', 'RAILWAY_BACKUP_DB_URL', 'SECONDARY_DATABASE_URL', 'AUTH_DATABASE_URL', 'TRADING_DATABASE_URL',
            'BILLING_DATABASE_URL', 'ANALYTICS_DATABASE_URL', 'AI_DATABASE_URL', 'BACKUPSYNC_PASSPHRASE'
        $saved = $names.ForEach{ [Environment]::GetEnvironmentVariable($_) }
        try {
            $names.ForEach{ [Environment]::SetEnvironmentVariable($_, 'postgresql://app@localhost/app') }
            Test-DbSyncConfig $File | Out-String | Should -BeNullOrEmpty
        }
        finally {
            0..($names.Count - 1) | ForEach-Object { [Environment]::SetEnvironmentVariable($names[$_], $saved[$_]) }
        }
    }

    It 'have units that systemd takes' {
        if (-not (Get-Command systemd-analyze -ErrorAction Ignore)) {
            Set-ItResult -Skipped -Because 'systemd-analyze is not installed here.'
            return
        }
        $units = Get-ChildItem $examples | Where-Object Extension -In .service, .timer | ForEach-Object {
            # The program is not installed here.
            $unit = Join-Path $TestDrive $_.Name
            (Get-Content -LiteralPath $_ -Raw) -replace '/usr/local/bin/backupsync', '/bin/true' | Set-Content -LiteralPath $unit
            $unit
        }
        $units.Count | Should -BeGreaterThan 3
        $said = systemd-analyze verify --man=no @units 2>&1 | Out-String
        $said | Should -Not -Match 'backupsync'
    }

    It 'have a good configuration in the config map of Kubernetes' {
        $text = Get-Content -LiteralPath (Join-Path $examples kubernetes.yaml) -Raw
        $text -match '(?ms)^  backupsync\.yml: \|\n(.*?)^---' | Should -BeTrue
        $file = Join-Path $TestDrive 'from-map.yml'
        $Matches[1] -replace '(?m)^    ' -replace '\$\{BACKUPSYNC_TOKEN\}', ('t' * 40) -replace '\$\{\w+\}', 'postgresql://app@localhost/app' |
            Set-Content -LiteralPath $file
        if (-not $IsWindows) {
            chmod 600 $file
        }
        Test-DbSyncConfig $file | Out-String | Should -BeNullOrEmpty
    }

    It 'have a runbook that tells by its exit code how the run ended' {
        $pair = New-TestPair (Join-Path $TestDrive 'pair')
        $runbook = Join-Path $examples 'runbook-nightly.ps1'
        $good = Invoke-Unattended $pair.Folder "& '$runbook' -Job copy -Config '$($pair.Config)'; exit `$LASTEXITCODE"
        $good.Output | Should -BeLike '*Second verification: 500 users*1 of 1 runs succeeded*0 expired backups removed, 0 bytes*'
        $good.ExitCode | Should -Be 0

        Add-Untransferable $pair.Source
        $bad = Invoke-Unattended $pair.Folder "& '$runbook' -Job copy; exit `$LASTEXITCODE"
        $bad.Output | Should -BeLike '*RolledBack*1 of 2 runs succeeded*'
        $bad.ExitCode | Should -Be 1
    }

    It 'have a runbook that deploys, and takes a deployment back that fails' {
        $vault = New-TestVault (Join-Path $TestDrive 'deploy')
        $runbook = Join-Path $examples 'runbook-deploy.ps1'
        $psql = Get-ChildItem /usr/lib/postgresql/*/bin/psql | Select-Object -Last 1
        $deploy = "& '$psql' '$($vault.Auth)' -qc 'DELETE FROM orders'"

        $bad = Invoke-Unattended $vault.Folder "& '$runbook' -Database auth -Tag bad -Deploy { $deploy } -Check { throw 'It does not work.' }; exit `$LASTEXITCODE"
        $bad.Output | Should -BeLike '*The deployment failed: It does not work.*auth is what it was before bad*'
        $bad.ExitCode | Should -Be 1
        Invoke-TestSql $vault.Auth 'SELECT count(*) FROM orders' | Should -Be 50

        $good = Invoke-Unattended $vault.Folder "& '$runbook' -Database auth -Tag good -Deploy { $deploy }; exit `$LASTEXITCODE"
        $good.Output | Should -BeLike '*Deployed; auth can be taken back to good*'
        $good.ExitCode | Should -Be 0
        Invoke-TestSql $vault.Auth 'SELECT count(*) FROM orders' | Should -Be 0
    }

    It 'have a runbook that reports of a drill' {
        $vault = New-TestVault (Join-Path $TestDrive 'drill')
        New-DbBackup auth -Config $vault.Config | Out-Null
        $runbook = Join-Path $examples 'runbook-drill.ps1'
        $good = Invoke-Unattended $vault.Folder "& '$runbook' -Database auth -Report drill.csv; exit `$LASTEXITCODE"
        $good.ExitCode | Should -Be 0 -Because $good.Output
        $line = Import-Csv (Join-Path $vault.Folder drill.csv)
        $line.Result, $line.Rows, $line.RtoMet, $line.RpoMet | Should -Be proven, 350, True, True
        (Invoke-Unattended $vault.Folder "& '$runbook' -Database auth, trading; exit `$LASTEXITCODE").ExitCode | Should -Be 1
    }
}
