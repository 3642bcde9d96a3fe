using BackupSync.Backups;

namespace BackupSync.Tests.Backups;

[Trait("Needs", "nothing")]
public sealed class TagPatternTests
{
    [Theory]
    [InlineData("release-*", "Release-7", true)]
    [InlineData("release-?", "release-77", false)]
    [InlineData(@"x\y", @"x\y", true)]
    [InlineData(@"x\*", @"x\y", true)]
    [InlineData(@"x\y", "xy", false)]
    [InlineData("[x]", "[x]", true)]
    public void All_but_two_characters_stand_for_themselves(string pattern, string tag, bool matches) =>
        Assert.Equal(matches, TagPattern.Matches(pattern, tag));
}
