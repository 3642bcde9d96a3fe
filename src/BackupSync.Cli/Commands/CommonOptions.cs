using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using BackupSync.Application;
using BackupSync.Cli.Display;
using BackupSync.Configuration;

namespace BackupSync.Cli.Commands;

/// <summary>Options that mean the same in every command that has them.</summary>
static class CommonOptions
{
    public static Option<string?> Config() => new("--config", "-c")
    {
        Description =
            $"The configuration file [default: ${ConfigurationFile.Variable}, else backupsync.yml in this folder or the nearest one above]",
        HelpName = "file",
    };

    public static Option<string?> Directory() => new("--directory")
    {
        Description = "A backup directory itself, such as that of runs without a configuration", HelpName = "folder",
    };

    public static Option<bool> Json() =>
        new("--json") { Description = "Print JSON on the standard output, and all else on the standard error" };

    /// <summary>Whether whoever reads the output wants JSON, whatever becomes of the command.</summary>
    public static bool AsksForJson(ParseResult parsed) =>
        parsed.CommandResult.Children.Any(c => c is OptionResult { Implicit: false, Option.Name: "--json" });

    public static Option<bool> WhatIf() => new("--what-if") { Description = "Print what would be done, and do nothing" };

    public static Option<bool> Yes() => new("--yes", "-y") { Description = "Do not ask" };

    public static Option<bool> AllowProduction() =>
        new("--allow-production") { Description = "Let a database with the role production be replaced" };

    public static Option<bool> OthersWait() => new("--others-wait")
    {
        Description = "Do not give way to others who wait for what it locks [default: after 10 s]",
    };

    public static Option<bool> SkipRefused() => new("--skip-refused")
    {
        Description = "Leave out, and name, what the server refuses to create, such as a foreign key that rows break, instead of ending",
    };

    public static Option<bool> Unauthenticated() => new("--unauthenticated")
    {
        Description = "Use what is not known to be yours as well: where there is a passphrase, a backup whose manifest does not bear "
            + "its signature is refused",
    };

    /// <summary>A moment in time.</summary>
    /// <param name="description">What it limits, as the beginning of a sentence.</param>
    public static Option<DateTimeOffset?> Moment(string name, string description) => new(name)
    {
        Description = $"{description}: ISO 8601, such as 2024-01-23T14:30:00Z; UTC where no offset is stated",
        HelpName = "moment",
        CustomParser = result =>
        {
            var text = result.Tokens[^1].Value;
            if (Moments.Read(text) is { } moment)
                return moment;
            result.AddError($"{name}: {Moments.Refusal(text)}");
            return null;
        },
    };

    /// <summary>A length of time.</summary>
    public static Option<TimeSpan?> Duration(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "duration",
        CustomParser = result =>
        {
            var text = result.Tokens[^1].Value;
            if (Durations.TryParse(text, out var duration) && duration > TimeSpan.Zero)
                return duration;
            result.AddError($"{name}: {Moments.RefusalOfDuration(text)}");
            return null;
        },
    };

    /// <summary>One of a few words, in any case; null where it is not said.</summary>
    public static Option<T?> Word<T>(string name, string description) where T : struct, Enum => new(name)
    {
        Description = description,
        HelpName = string.Join('|', Words<T>()),
        CustomParser = result => Read<T>(result) is [.., var word] ? word : null,
    };

    /// <summary>The same, said as often as wanted.</summary>
    public static Option<T[]> EachWord<T>(string name, string description, string? helpName = null) where T : struct, Enum => new(name)
    {
        Description = description,
        HelpName = helpName ?? string.Join('|', Words<T>()),
        CustomParser = result => [.. Read<T>(result)],
    };

    public static Option<string?> Tag(string description)
    {
        var tag = new Option<string?>("--tag") { Description = description, HelpName = "tag" };
        tag.CompletionSources.Add(_ => ConfigNames.Completions(LocalBackups.Tags));
        // Mostly "$TAG" in a shell that does not have it.
        tag.Validators.Add(result =>
        {
            if (string.IsNullOrWhiteSpace(result.GetValueOrDefault<string?>()))
                result.AddError("--tag is empty.");
        });
        return tag;
    }

    /// <summary>One that a backup is to have.</summary>
    public static Option<string?> NewTag(string description)
    {
        var tag = Tag(description);
        tag.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { Length: > OptionRanges.MostOfTag })
                result.AddError($"--tag has {OptionRanges.MostOfTag} characters at most.");
        });
        return tag;
    }

    /// <param name="helpName">What is counted.</param>
    public static Option<int> Number(string name, string helpName, string description, int otherwise, int least, int most) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => otherwise,
        HelpName = helpName,
        CustomParser = result => Number(result, name, helpName, least, most) ?? otherwise,
    };

    /// <summary>Null where it is not said.</summary>
    public static Option<int?> NumberIfAny(string name, string helpName, string description, int least, int most) => new(name)
    {
        Description = description,
        HelpName = helpName,
        CustomParser = result => Number(result, name, helpName, least, most),
    };

    /// <param name="refusal">Of <see cref="OptionRules"/>; nothing is wrong where it is null.</param>
    public static void Refuse(this CommandResult result, string? refusal)
    {
        if (refusal is not null)
            result.AddError(Spelling.InCommands(refusal));
    }

    public static BackupSyncConfig LoadConfig(this ParseResult parsed, Option<string?> config)
    {
        var loaded = ConfigurationFile.Load(ConfigurationFile.Locate(parsed.GetValue(config)));
        foreach (var warning in loaded.Warnings)
            Failures.Warn(warning.ToString());
        return loaded;
    }

    /// <summary>What stands for a configuration where there is none.</summary>
    public static BackupSyncConfig LoadConfigOrNone(this ParseResult parsed, Option<string?> config) =>
        ConfigurationFile.Find(parsed.GetValue(config)) is null
            ? AdHocConfiguration.In(System.IO.Directory.GetCurrentDirectory())
            : parsed.LoadConfig(config);

    public static Option<string?> TargetUrl(string description) => new("--target-url") { Description = description, HelpName = "url" };

    public static IEnumerable<string> Words<T>() where T : struct, Enum =>
        Enum.GetNames<T>().Select(JsonNamingPolicy.CamelCase.ConvertName);

    /// <summary>Left to itself the library throws where it is no number.</summary>
    static int? Number(ArgumentResult result, string name, string unit, int least, int most)
    {
        var text = result.Tokens[^1].Value;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least
            && number <= most)
            return number;
        result.AddError($"{name} is from {least} to {most} {unit}, which '{text}' is not.");
        return null;
    }

    /// <summary>By name alone: left to itself the library takes numbers too, and answers a mistake with the name of a type.</summary>
    static List<T> Read<T>(ArgumentResult result) where T : struct, Enum
    {
        var read = new List<T>();
        foreach (var token in result.Tokens)
        {
            var name = Enum.GetNames<T>().FirstOrDefault(n => n.Equals(token.Value, StringComparison.OrdinalIgnoreCase));
            if (name is null)
                result.AddError(
                    $"{((OptionResult)result.Parent!).Option.Name}: '{token.Value}' is none of {string.Join(", ", Words<T>())}.");
            else
                read.Add(Enum.Parse<T>(name));
        }
        return read;
    }
}
