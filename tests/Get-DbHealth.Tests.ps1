BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $pair = New-TestPair (Join-Path $TestDrive 'pair')
}

Describe 'Get-DbHealth' {
    It 'tells of a job before and after it has run' {
        $before = Get-DbHealth -Config $pair.Config
        "$($before.Status) $($before.SyncStatus)" | Should -Be 'Degraded Never'
        $before.Primary.Connected | Should -BeNullOrEmpty
        Invoke-DbSync copy -Config $pair.Config -Confirm:$false | Out-Null
        $after = Get-DbHealth copy -Config $pair.Config
        $after.IsHealthy | Should -BeTrue
        $after.Primary.Connected | Should -BeTrue
        "$($after.Secondary.CheckedBy)" | Should -Be Run
        $after.ActiveDatabase | Should -Be $after.Primary.Name
        $after.LastSync | Should -BeGreaterThan ([datetimeoffset]::UtcNow.AddMinutes(-10))
    }

    It 'takes jobs by parameter, by name and as objects of the pipeline' {
        (Get-DbHealth -Name copy -Config $pair.Config).Job | Should -Be copy
        ('copy' | Get-DbHealth -Config $pair.Config).Job | Should -Be copy
        ((Get-DbSyncConfig $pair.Config).Jobs[0] | Get-DbHealth -Config $pair.Config).Job | Should -Be copy
    }

    It 'tells of everything' {
        $all = Get-DbHealth -All -Config $pair.Config
        $all.Kind | Should -Contain Database
        $all.Kind | Should -Contain Job
        ($all | Where-Object Kind -EQ Job).Name | Should -Be copy
    }

    It 'names the nearest for one that does not exist, and goes on with the others' {
        $found = 'cpoy', 'copy' | Get-DbHealth -Config $pair.Config -ErrorVariable failures -ErrorAction SilentlyContinue
        $found.Job | Should -Be copy
        $failures.Count | Should -Be 1
        $failures[0].FullyQualifiedErrorId | Should -BeLike 'BackupSync.UnknownName,*'
        "$($failures[0])" | Should -BeLike "*Did you mean 'copy'?"
        $failures[0].TargetObject | Should -Be cpoy
    }

    It 'is shown as a list, and all as a table' {
        $one = (Get-DbHealth -Config $pair.Config | Out-String -Width 79) -replace '\e\[[0-9;]*m'
        $one | Should -Match '(?m)^Status +: Healthy'
        $one | Should -Match '(?m)^Primary +: .*connected at'
        $lines = (Get-DbHealth -All -Config $pair.Config | Out-String -Width 79) -replace '\e\[[0-9;]*m' -split '\r?\n'
        $lines -match '^copy +Job +Healthy' | Should -Not -BeNullOrEmpty
        $lines | Where-Object Length -GT 79 | Should -BeNullOrEmpty
    }
}
