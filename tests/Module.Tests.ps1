BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $outputTypes = (Get-Command -Module BackupSync).OutputType.Name | Where-Object { $_ -like 'BackupSync.*' } | Sort-Object -Unique
    $viewTypes = @($outputTypes) + 'BackupSync.Runs.StepResult', 'BackupSync.Runs.TableResult', 'BackupSync.Configuration.JobConfig', 'BackupSync.Configuration.DatabaseConfig', 'BackupSync.Configuration.BackupPlanConfig',
        'BackupSync.Configuration.FolderPlaceConfig', 'BackupSync.Configuration.S3PlaceConfig' |
        ForEach-Object { @{ Type = $_ } }
}

BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $folder = Split-Path (Get-Module BackupSync).Path
}

Describe 'The module' {
    It 'exports its cmdlets, and nothing else' {
        $module = Get-Module BackupSync
        $module.ExportedCommands.Keys | Sort-Object | Should -Be @(
            'Compare-DbData', 'Confirm-DbAlert', 'Copy-DbBackup', 'Export-DbArchive', 'Export-DbSyncSchedule', 'Get-DbAlert', 'Get-DbBackup', 'Get-DbHealth',
            'Get-DbStatus', 'Get-DbSyncConfig', 'Get-DbSyncHistory', 'Get-DbSyncSchedule', 'Import-DbArchive', 'Initialize-DbSecondary',
            'Invoke-DbBackupPlan', 'Invoke-DbSync', 'New-DbBackup', 'New-DbSyncConfig', 'New-DbSyncReport', 'Remove-DbBackup', 'Remove-OldBackups', 'Restore-DbBackup',
            'Restore-DbSafetyBackup', 'Resume-DbSyncSchedule', 'Set-DbBackup', 'Set-DbBackupSignature', 'Suspend-DbSyncSchedule',
            'Test-DbAlertChannel', 'Test-DbBackup', 'Test-DbConnection', 'Test-DbSyncConfig')
    }

    It 'has a manifest that PowerShell accepts, of the version of its assemblies' {
        $manifest = Test-ModuleManifest (Join-Path $folder 'BackupSync.psd1')
        $assembly = (Get-Command Invoke-DbSync).ImplementingType.Assembly.GetName().Version
        "$($manifest.Version)" | Should -Be "$($assembly.Major).$($assembly.Minor).$($assembly.Build)"
    }

    It 'brings nothing of PowerShell''s own' {
        Get-ChildItem (Join-Path $folder 'bin') -Filter 'System.Management.Automation*' | Should -BeNullOrEmpty
    }

    It 'can be imported again and again' {
        Invoke-Pwsh "1..3 | ForEach-Object { Import-Module '$folder' -Force; (Get-Module BackupSync).ExportedCommands.Count; (Get-Command Test-DbSyncConfig).Name }" |
            Should -Be (@((Get-Module BackupSync).ExportedCommands.Count, 'Test-DbSyncConfig') * 3)
    }

    It 'can be removed, and be imported after that' {
        Invoke-Pwsh "Import-Module '$folder'; Remove-Module BackupSync; @(Get-Command Invoke-DbSync -ErrorAction Ignore).Count; Import-Module '$folder'; @(Get-Command Invoke-DbSync -ErrorAction Ignore).Count" |
            Should -Be 0, 1
    }

    It 'says so where the session has used another copy of it' {
        Copy-Item $folder (Join-Path $TestDrive 'BackupSync') -Recurse
        $output = Invoke-Pwsh "Import-Module '$folder'; Import-Module '$(Join-Path $TestDrive 'BackupSync')'"
        "$output" | Should -BeLike '*already used the BackupSync module*new session*'
    }

    It 'keeps its dependencies apart from those of the session' {
        $context = [System.Runtime.Loader.AssemblyLoadContext]
        $own = $context::GetLoadContext((Get-Command Invoke-DbSync).ImplementingType.Assembly)
        $own.Name | Should -Be BackupSync
        (Get-CoreType Postgres.DatabaseAddress)::Parse('postgresql://localhost/x').ToNpgsql() | Out-Null
        $own.Assemblies.ForEach{ $_.GetName().Name } | Should -Contain Npgsql
        $context::Default.Assemblies.ForEach{ $_.GetName().Name } | Should -Not -Contain Npgsql
        $context::Default.Assemblies.ForEach{ $_.GetName().Name } | Should -Not -Contain YamlDotNet
        foreach ($name in 'AWSSDK.Core', 'AWSSDK.S3') {
            $own.LoadFromAssemblyName($name).Location | Should -BeLike (Join-Path $folder bin "$name.dll")
            $context::Default.Assemblies.ForEach{ $_.GetName().Name } | Should -Not -Contain $name
        }
    }

    It 'works beside another version of a library of its own in the session' {
        $yaml = Join-Path $TestDrive 'session'
        $null = New-Item -ItemType Directory $yaml
        Add-Type -TypeDefinition '[assembly: System.Reflection.AssemblyVersion("1.0.0.0")] namespace YamlDotNet { public class Other { } }' -OutputAssembly (Join-Path $yaml 'YamlDotNet.dll') -OutputType Library
        $config = Join-Path $TestDrive 'backupsync.yml'
        Set-Content $config "databases:`n  a: { url: 'postgresql://localhost/a' }`n  b: { url: 'postgresql://localhost/b' }`njobs:`n  copy: { source: a, target: b }"
        Invoke-Pwsh "Add-Type -Path '$(Join-Path $yaml 'YamlDotNet.dll')'; Import-Module '$folder'; [YamlDotNet.Other].Name; (Get-DbSyncConfig '$config').Jobs.Name" |
            Should -Be 'Other', 'copy'
    }

    It 'has a table view for <Type>' -ForEach $viewTypes {
        $views = [xml](Get-Content (Join-Path $folder 'BackupSync.Format.ps1xml') -Raw)
        $views.Configuration.ViewDefinitions.View.ViewSelectedBy.TypeName | Should -Contain $Type
    }
}
