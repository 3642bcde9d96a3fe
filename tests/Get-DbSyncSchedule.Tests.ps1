# Get-, Suspend- and Resume-DbSyncSchedule.
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $folder = (New-Item -ItemType Directory -Path (Join-Path $TestDrive 'schedules')).FullName
    Set-Content -LiteralPath (Join-Path $folder 'backupsync.yml') -Value @'
databases:
  railway: { url: "${NOT_SET_ANYWHERE}", role: production }
  neon: { url: "${NOT_SET_ANYWHERE}" }
jobs:
  railway-to-neon: { source: railway, target: neon, schedule: { cron: "0 6,18 * * *" } }
  by-hand-only: { source: railway, target: neon }
backupPlans:
  nightly: { databases: [railway], schedule: { cron: "30 2 * * *", timeZone: Europe/Berlin } }
'@
    Push-Location $folder
}

AfterAll {
    Pop-Location
}

Describe 'Schedules' {
    BeforeEach {
        Remove-Item state -Recurse -ErrorAction Ignore
    }

    It 'of jobs and plans are told with their next times, in UTC and in their zone' {
        $schedules = Get-DbSyncSchedule
        $schedules.Name | Should -Be railway-to-neon, nightly
        $schedules[0].Next.Count | Should -Be 3
        $schedules[0].Next[0].UtcDateTime.Hour | Should -BeIn 6, 18
        $schedules[1].NextLocal[0].ToString('HH:mm') | Should -Be '02:30'
        $schedules[1].Next[0] | Should -Be $schedules[1].NextLocal[0]
        $schedules[0].LastRun | Should -BeNullOrEmpty
    }

    It 'are asked for by parameter, pipeline and property' {
        (Get-DbSyncSchedule -Name nightly).Kind | Should -Be Plan
        ('nightly', 'railway-to-neon' | Get-DbSyncSchedule).Name | Should -Be railway-to-neon, nightly
        ((Get-DbSyncConfig).BackupPlans | Get-DbSyncSchedule).Name | Should -Be nightly
    }

    It 'are explained time by time' {
        $times = Get-DbSyncSchedule nightly -Explain 400
        $times.Count | Should -Be 400
        @($times | Where-Object Note).Count | Should -BeGreaterOrEqual 2
        ($times | Where-Object Note)[0].Note | Should -Match 'the clock of Europe/Berlin was set (forward|back) by 1h'
    }

    It 'are paused and resumed' {
        $paused = Suspend-DbSyncSchedule railway-to-neon -For 2h -Because 'migration'
        $paused.Pause.Because | Should -Be migration
        ($paused.Pause.Until - [datetimeoffset]::UtcNow).TotalMinutes | Should -BeGreaterThan 115
        (Get-DbSyncSchedule).ForEach{ $null -ne $_.Pause } | Should -Be $true, $false
        (Resume-DbSyncSchedule railway-to-neon).Pause | Should -BeNullOrEmpty
        (Suspend-DbSyncSchedule -Until 2999-01-01).Pause.Until.Year | Should -Be 2999, 2999
        (Get-DbSyncSchedule | Resume-DbSyncSchedule).Where{ $_.Pause } | Should -BeNullOrEmpty
    }

    It 'stay as they are with -WhatIf' {
        Suspend-DbSyncSchedule -WhatIf | Should -BeNullOrEmpty
        (Get-DbSyncSchedule).Where{ $_.Pause } | Should -BeNullOrEmpty
    }

    It 'take durations as the configuration does, and nothing else for one' {
        { Suspend-DbSyncSchedule -For soon } | Should -Throw "*'soon' is not a duration such as*"
        { Suspend-DbSyncSchedule -For 5 } | Should -Throw "*'5' is not a duration*"
        { Suspend-DbSyncSchedule -Until 2020-01-01 } | Should -Throw '*would have ended*'
        (Suspend-DbSyncSchedule nightly -For ([timespan]::FromHours(1))).Pause | Should -Not -BeNullOrEmpty
    }

    It 'that are not there are told, and the others go on' {
        $found = Get-DbSyncSchedule nigthly, railway-to-neon, by-hand-only -ErrorVariable failures -ErrorAction SilentlyContinue
        $found.Name | Should -Be railway-to-neon
        $failures.TargetObject | Should -Be nigthly, by-hand-only
        "$($failures[0])" | Should -BeLike "*Did you mean 'nightly'?*"
        "$($failures[1])" | Should -BeLike '*by-hand-only has no schedule*'
    }

    It 'fit into 79 columns, and one alone is a list' {
        Suspend-DbSyncSchedule nightly -Because 'the data centre moves, and nobody knows for how long that will take' | Out-Null
        $lines = (Get-DbSyncSchedule | Out-String -Width 79) -replace '\e\[[0-9;]*m' -split '\r?\n'
        $lines.Where{ $_.Length -gt 79 } | Should -BeNullOrEmpty
        "$lines" | Should -Match 'NextTimes'
        ((Get-DbSyncSchedule nightly | Out-String -Width 79) -replace '\e\[[0-9;]*m') | Should -Match '(?m)^TimeZone +: Europe/Berlin'
    }

    It 'are completed' {
        (Get-Completion 'Suspend-DbSyncSchedule ').CompletionText | Should -Be railway-to-neon, nightly
    }
}
