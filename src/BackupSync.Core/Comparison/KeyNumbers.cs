using System.Globalization;

namespace BackupSync.Comparison;

/// <summary>
/// Keys as whole numbers, and back: of types that every server sorts alike, so that a range of numbers is a range of keys, and an
/// index leads to it.
/// </summary>
abstract class KeyNumbers
{
    /// <summary>Null for keys of other types, or of several columns.</summary>
    public static KeyNumbers? For(KeyedTable table) => table.Key is [{ } key] ? key.Type switch
    {
        "smallint" or "integer" or "bigint" => new Integers(),
        "uuid" => new Uuids(),
        _ => null,
    } : null;

    /// <summary>Whether no two keys have one number.</summary>
    public abstract bool AreExact { get; }

    /// <summary>As a cast takes it.</summary>
    public abstract string Type { get; }

    /// <summary>An expression for a key's number, a bigint.</summary>
    public abstract string Of(string key);

    /// <summary>The least key that has the number.</summary>
    public abstract string First(Int128 number);

    /// <summary>The largest key that has the number.</summary>
    public abstract string Last(Int128 number);

    sealed class Integers : KeyNumbers
    {
        public override bool AreExact => true;
        public override string Type => "bigint";
        public override string Of(string key) => $"{key}::bigint";
        public override string First(Int128 number) => number.ToString(CultureInfo.InvariantCulture);
        public override string Last(Int128 number) => First(Int128.Min(number, long.MaxValue));
    }

    /// <summary>By their first bytes, as many as a bigint holds without its sign: servers compare uuids byte by byte.</summary>
    sealed class Uuids : KeyNumbers
    {
        const int Bytes = 7;
        static readonly Int128 Largest = (Int128.One << (8 * Bytes)) - 1;

        public override bool AreExact => false;
        public override string Type => "uuid";

        // No version before 18 makes a number of bytes but by their digits.
        public override string Of(string key) =>
            $"('x' || pg_catalog.encode(pg_catalog.substr(pg_catalog.uuid_send({key}), 1, {Bytes}), 'hex'))::bit({8 * Bytes})::bigint";

        public override string First(Int128 number) => Digits(number).PadRight(32, '0');
        public override string Last(Int128 number) => Digits(Int128.Min(number, Largest)).PadRight(32, 'f');

        static string Digits(Int128 number) => ((long)number).ToString($"x{2 * Bytes}", CultureInfo.InvariantCulture);
    }
}
