namespace BackupSync.Configuration;

/// <summary>What a key may hold, as the reader asks for it.</summary>
abstract record KeyForm;

/// <summary>A single value of any kind.</summary>
/// <param name="Allowed">What it has to be, for "must be …".</param>
/// <param name="MayBeEmpty">Whether an empty one means that there is none.</param>
sealed record TextForm(string Allowed, bool MayBeEmpty = false) : KeyForm;

sealed record TruthForm : KeyForm;

/// <summary>One of a few words, in any case.</summary>
sealed record WordForm(params IReadOnlyList<string> Words) : KeyForm;

/// <summary>Several of them, as a list.</summary>
sealed record WordsForm(params IReadOnlyList<string> Words) : KeyForm;

sealed record NumberForm(int Minimum, int Maximum) : KeyForm;

/// <param name="Minimum">Null for anything that is more than zero.</param>
sealed record DurationForm(TimeSpan? Minimum, TimeSpan Maximum) : KeyForm;

sealed record SizeForm : KeyForm;

sealed record PercentageForm : KeyForm;

/// <summary>The name of something that the file has elsewhere.</summary>
/// <param name="Kind">What it is, such as <c>database</c>.</param>
sealed record NameForm(string Kind) : KeyForm;

sealed record ListForm(KeyForm Of) : KeyForm;

/// <summary>A mapping with keys of its own.</summary>
/// <param name="Of">The record that is made of it.</param>
sealed record SectionForm(Type Of) : KeyForm;

/// <summary>A list of mappings.</summary>
/// <param name="Of">The record that is made of each.</param>
sealed record SectionsForm(Type Of) : KeyForm;

/// <summary>A mapping of names to sections.</summary>
/// <param name="Of">The record that is made of each.</param>
sealed record NamedForm(Type Of) : KeyForm;

/// <summary>A mapping of patterns to values, which have the key <see cref="YamlSection.AnyPattern"/>.</summary>
sealed record PatternsForm : KeyForm;
