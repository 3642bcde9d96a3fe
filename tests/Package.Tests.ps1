BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')

    # A home of its own: repositories and modules of whoever runs the tests stay as they are.
    $home_ = Join-Path $TestDrive 'home'
    # .NET takes folders below it for missing that are not there.
    $null = New-Item -ItemType Directory -Path (Join-Path $home_ '.local' 'share'), (Join-Path $home_ '.config')
    function Invoke-AtHome([string[]] $Lines) {
        $saved = $env:HOME, $env:XDG_DATA_HOME, $env:XDG_CONFIG_HOME, $env:PSModulePath
        try {
            $env:HOME, $env:XDG_DATA_HOME, $env:XDG_CONFIG_HOME, $env:PSModulePath = $home_, $null, $null, $null
            $output = Invoke-Pwsh ((@("`$ErrorActionPreference = 'Stop'", "Set-Location '$home_'") + $Lines) -join '; ')
            $LASTEXITCODE | Should -Be 0 -Because ($output -join "`n")
            $output
        }
        finally {
            $env:HOME, $env:XDG_DATA_HOME, $env:XDG_CONFIG_HOME, $env:PSModulePath = $saved
        }
    }

    $build = Join-Path $PSScriptRoot '..' 'build.ps1' -Resolve
    $source = Split-Path (Get-Module BackupSync).ModuleBase
    Copy-Item -LiteralPath (Join-Path $source 'BackupSync') -Destination $TestDrive -Recurse
    $made = Invoke-Unattended $TestDrive "& '$build' -Task Package -Output '$TestDrive'"
    $packages = Join-Path $TestDrive 'packages'
}

Describe 'Packages' {
    It 'are made by the build' {
        $made.ExitCode | Should -Be 0 -Because $made.Output
        (Get-ChildItem -LiteralPath $packages -Recurse -File).Name | Sort-Object -CaseSensitive | Should -BeLike 'backupsync.*.nupkg'
    }

    It 'of the module install from a folder, and are imported by a PowerShell that has nothing else of it' {
        if ($IsWindows) {
            Set-ItResult -Skipped -Because 'Windows has one folder for a user''s modules, whatever the environment says.'
            return
        }
        $repository = New-Item -ItemType Directory -Path (Join-Path $TestDrive 'repository')
        $package = Get-ChildItem -LiteralPath (Join-Path $packages 'module') -Filter *.nupkg
        Invoke-AtHome "Register-PSResourceRepository -Name local -Uri '$repository' -Trusted",
            "Publish-PSResource -NupkgPath '$package' -Repository local",
            'Install-PSResource BackupSync -Repository local -Scope CurrentUser' | Should -BeNullOrEmpty

        $seen = Invoke-AtHome 'Import-Module BackupSync', '(Get-Module BackupSync).ModuleBase', '(Get-Command -Module BackupSync).Count',
            '(New-DbSyncConfig ./backupsync.yml).Name'
        $seen[0] | Should -BeLike "$home_*"
        $seen[1] | Should -Be (Get-Command -Module BackupSync).Count
        $seen[2] | Should -Be 'backupsync.yml'
    }

    It 'of the command line install as a tool, which runs' {
        $tools = Join-Path $TestDrive 'tools'
        $installed = dotnet tool install backupsync --tool-path $tools --source (Join-Path $packages 'tool') 2>&1 | Out-String
        $LASTEXITCODE | Should -Be 0 -Because $installed
        $tool = Join-Path $tools 'backupsync'
        & $tool --version | Should -Match '^\d+\.\d+\.\d+'
        & $tool demo --help | Out-String | Should -BeLike '*throw-away servers*'
    }
}
