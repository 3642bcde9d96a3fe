BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $config = Join-Path $TestDrive 'backupsync.yml'
    Set-Content -LiteralPath $config @'
databases:
  one: { url: "postgresql://app:geheim@one.example.com/app" }
  two: { url: "postgresql://app:geheim@two.example.com/app" }
jobs:
  copy:  { source: one, target: two, schedule: { cron: "0 6,18 * * *" } }
  other: { source: one, target: two }
backupPlans:
  nightly: { databases: [one, two], schedule: { every: 45m } }
'@
    if (-not $IsWindows) {
        chmod 600 $config
    }
}

Describe 'Export-DbSyncSchedule' {
    It 'writes texts to the pipeline, and no file' {
        Push-Location $TestDrive
        try {
            $files = Export-DbSyncSchedule copy -As Systemd
            $files.Name | Should -Be 'backupsync-sync-copy.service', 'backupsync-sync-copy.timer'
            $files[1].Text | Should -BeLike "*OnCalendar=`*-`*-`* 06,18:00:00 UTC*"
            (Get-ChildItem $TestDrive).Name | Should -Be 'backupsync.yml'
        }
        finally {
            Pop-Location
        }
    }

    It 'takes names from the pipeline, and goes on after one that has no schedule' {
        $files = 'other', 'nightly', 'nobody' | Export-DbSyncSchedule -As Cron -Config $config -ErrorVariable failed -ErrorAction SilentlyContinue
        $files.Text | Should -BeLike '*plan nightly*'
        $files.Text | Should -Not -BeLike '*sync copy*'
        $failed.TargetObject | Should -Be 'other', 'nobody'
    }

    It 'writes files for their owner alone, and replaces none without -Force' {
        $folder = Join-Path $TestDrive 'tasks'
        $written = Export-DbSyncSchedule -As TaskScheduler -Path $folder -Config $config
        $written.Name | Should -Be 'backupsync-sync-copy.xml', 'backupsync-plan-nightly.xml'
        ([xml](Get-Content -LiteralPath $written[0] -Raw)).Task.Actions.Exec.Arguments | Should -BeLike 'sync copy --config *'
        if (-not $IsWindows) {
            $written.UnixMode | Should -Be '-rw-------', '-rw-------'
        }
        { Export-DbSyncSchedule -As TaskScheduler -Path $folder -Config $config } | Should -Throw '*exists already; nothing was written*'
        Export-DbSyncSchedule -As TaskScheduler -Path $folder -Config $config -Force | Should -HaveCount 2
    }

    It 'writes nothing with -WhatIf' {
        $folder = Join-Path $TestDrive 'nowhere'
        Export-DbSyncSchedule copy -As Kubernetes -Path $folder -Config $config -WhatIf | Should -BeNullOrEmpty
        $folder | Should -Not -Exist
    }

    It 'tells what a scheduler cannot say' {
        { Export-DbSyncSchedule nightly -As Kubernetes -Config $config } | Should -Throw '*one schedule of whole minutes*'
    }
}
