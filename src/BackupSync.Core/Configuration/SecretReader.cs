namespace BackupSync.Configuration;

/// <summary>
/// Reads a secret of a section from where the file says that it is: <c>key</c> is the text itself, <c>keyFile</c> a file that holds it,
/// <c>keyCommand</c> a program that prints it, <c>keySecret</c> its name in a vault. All secrets are read here, so all have these ways.
/// </summary>
static class SecretReader
{
    /// <summary>
    /// a file that holds it alone, in one line, such as a secret of Docker; <c>credential:NAME</c> is a credential of the systemd unit.
    /// </summary>
    public const string File = nameof(File);

    /// <summary>
    /// a program that prints it, as a list of words; it is run without a shell when it is needed, for 30 seconds at most.
    /// </summary>
    public const string Command = nameof(Command);

    /// <summary>its name in PowerShell's SecretManagement, or <c>vault/name</c>; for cmdlets alone.</summary>
    public const string Secret = nameof(Secret);

    public static readonly string[] Ways = ["", File, Command, Secret];

    /// <summary>Which of the keys the section has; null where it has none.</summary>
    public static string? KeyOf(YamlSection section, string key) => Ways.Select(way => key + way).FirstOrDefault(section.Has);

    /// <summary>Null where none of the keys is there, or it is empty and may be.</summary>
    public static LateValue<T>? Read<T>(YamlSection section, string key, SecretKind<T> kind, string meaning = YamlSection.SomeText)
        where T : class
    {
        section.Alternatives([.. Ways.Select(way => key + way)], $"the {kind.Name} comes from one of them");
        return KeyOf(section, key) is not { } found ? null : found[key.Length..] switch
        {
            File => FromFile(section, found, kind),
            Command => FromCommand(section, found, kind),
            Secret => FromVault(section, found, kind),
            _ => FromText(section, found, kind, meaning),
        };
    }

    /// <summary>The same where it has to be there.</summary>
    /// <param name="meaning">What it is, where it is missing.</param>
    public static LateValue<T> ReadRequired<T>(YamlSection section, string key, SecretKind<T> kind, string meaning) where T : class
    {
        if (Read(section, key, kind, meaning) is { } value)
            return value;
        section.Missing(key, meaning);
        return Missing<T>(section, key);
    }

    /// <summary>
    /// A text that depends on the environment can be wrong on one machine and right on the next, so what is wrong with it is held back until
    /// it is used.
    /// </summary>
    static LateValue<T>? FromText<T>(YamlSection section, string key, SecretKind<T> kind, string meaning) where T : class
    {
        if (section.RawText(key, new TextForm(YamlSection.SomeText, kind.MayBeEmpty), meaning) is not { } raw)
            return kind.MayBeEmpty && section.IsEmpty(key) ? null : Missing<T>(section, key);

        var (text, fault) = section.Expand(raw);
        if (fault is null && text!.Length == 0)
        {
            if (kind.MayBeEmpty)
                return null;
            fault = $"{raw} is empty";
        }
        T? value = null;
        if (fault is null)
        {
            (value, fault) = kind.Parse(text!);
            fault = fault is null ? null : kind.Subject + fault;
        }
        if (fault is null)
            return new LateValue<T>(value!);
        if (EnvironmentReferences.Has(raw))
            return new LateValue<T>(section.HoldBack(key, fault));
        section.Report(key, fault);
        return new LateValue<T>(section.Problem(key, fault));
    }

    /// <summary>What a file holds is read at once: that it is not there is told by who checks the configuration.</summary>
    static LateValue<T> FromFile<T>(YamlSection section, string key, SecretKind<T> kind) where T : class
    {
        if (section.RawText(key, new TextForm("the path of a file")) is not { } raw)
            return Missing<T>(section, key);
        var (written, fault) = Expanded(section, raw);
        (var path, fault) = fault is null ? SecretFile.Locate(written!, section.Environment, section.FullPath) : (null, fault);
        (var text, fault) = fault is null ? SecretFile.Read(path!, kind.Name, kind.MostBytes) : (null, fault);
        (var value, fault) = Parse(kind, text, fault, $"the {kind.Name} in {path}");
        if (fault is not null)
            return new LateValue<T>(section.HoldBack(key, fault));
        if (ConfigurationTrust.ReadByOthers(path!) is { } readable)
            section.Warn(key, $"the file {path} {readable}");
        return new LateValue<T>(value!);
    }

    /// <summary>A program is not run before what it prints is needed; that there is none is told at once.</summary>
    static LateValue<T> FromCommand<T>(YamlSection section, string key, SecretKind<T> kind) where T : class
    {
        if (section.RawTexts(key, "[op, read, \"op://vault/item/field\"]") is not { } raw)
            return Missing<T>(section, key);
        var words = new List<string>();
        string? fault = null;
        foreach (var (word, wrong) in raw.Select(section.Expand))
        {
            fault ??= wrong ?? (word!.Contains('\0', StringComparison.Ordinal) ? "has a NUL character in it" : null);
            words.Add(word ?? "");
        }
        if (fault is null && words[0].Length == 0)
            fault = "names no program: its first word is empty";
        var program = fault is null ? SecretCommand.Find(words[0], section.FullPath) : null;
        fault ??= program is null ? $"there is no program {words[0]} on this machine"
            : ConfigurationTrust.Fault(program) is { } distrust ? $"the program {program} {distrust}" : null;
        if (fault is not null)
            return new LateValue<T>(section.HoldBack(key, fault));

        var name = Path.GetFileName(program)!;
        return Late(section, key, kind, $"the command {name}", $"the {kind.Name} that the command {name} prints", () =>
            SecretCommand.Run(program!, words[1..], kind.Name, kind.MostBytes, section.FullPath("."), SecretCommand.Limit));
    }

    static LateValue<T> FromVault<T>(YamlSection section, string key, SecretKind<T> kind) where T : class
    {
        if (section.RawText(key, new TextForm("the name of a secret, or vault/name")) is not { } raw)
            return Missing<T>(section, key);
        var (name, fault) = Expanded(section, raw);
        if (fault is not null)
            return new LateValue<T>(section.HoldBack(key, fault));
        if (!SecretVault.IsThere)
            section.HoldBack(key, SecretVault.Nobody(name!));
        return Late(section, key, kind, $"the secret '{name}'", $"the {kind.Name} of the secret '{name}'", () => SecretVault.Ask(name!),
            () => SecretVault.IsThere ? null : section.Problem(key, SecretVault.Nobody(name!)));
    }

    static LateValue<T> Late<T>(
        YamlSection section, string key, SecretKind<T> kind, string origin, string subject, Func<(string? Text, string? Fault)> get,
        Func<ConfigurationProblem?>? notNow = null)
        where T : class
    {
        return new LateValue<T>(origin, Get, notNow);

        (T?, ConfigurationProblem?) Get()
        {
            var (text, fault) = get();
            (var value, fault) = Parse(kind, text, fault, subject);
            return (value, fault is null ? null : section.Problem(key, fault));
        }
    }

    /// <param name="subject">What is wrong where the text is.</param>
    static (T? Value, string? Fault) Parse<T>(SecretKind<T> kind, string? text, string? fault, string subject) where T : class
    {
        if (fault is not null)
            return (null, fault);
        var (value, wrong) = SecretKinds.LineFault(text!, kind.Name) is { } line ? (null, line) : kind.Parse(text!);
        return (value, wrong is null ? null : $"{subject} {wrong}");
    }

    static (string? Text, string? Fault) Expanded(YamlSection section, string raw)
    {
        var (text, fault) = section.Expand(raw);
        return fault is null && text!.Length == 0 ? (null, $"{raw} is empty") : (text, fault);
    }

    static LateValue<T> Missing<T>(YamlSection section, string key) where T : class => new(section.Problem(key, "is missing"));
}
