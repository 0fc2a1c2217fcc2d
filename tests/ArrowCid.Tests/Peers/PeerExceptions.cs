using System.Globalization;
using ArrowCid.Columnar;

namespace ArrowCid.Tests.Peers;

/// <summary>Where another reader gives other values than ours for reasons of its own, each with the reason.</summary>
internal static class PeerExceptions
{
    public const string DuckDb = "duckdb", ParquetWasm = "parquet-wasm", Hyparquet = "hyparquet";

    private const string Names = "names", Unnamed = "a field without a name", Instants = "instants past microseconds",
        Nanoseconds = "nanoseconds with a time zone", WideDecimals = "decimals of over 38 digits",
        Decimals = "decimals", Maps = "maps";

    /// <summary>Every rule and why it is the reader's own.</summary>
    public static readonly IReadOnlyDictionary<string, string> Reasons = new Dictionary<string, string>
    {
        [$"{DuckDb}: {Unnamed}"] = "it refuses a struct with one",
        [$"{DuckDb}: {Instants}"] = "it keeps instants in microseconds and refuses those beyond 64 bits of them",
        [$"{DuckDb}: {Nanoseconds}"] = "it cuts them to microseconds",
        [$"{DuckDb}: {WideDecimals}"] = "it has none, and reads a double",
        [$"{Hyparquet}: {Names}"] = "it finds columns by their names with dots between, so twins and dots are confused",
        [$"{Hyparquet}: {Decimals}"] = "they are doubles",
        [$"{Hyparquet}: {Maps}"] = "they are objects: keys that are no text are not to be told from each other",
    };

    /// <summary>The rule by which a value may differ, or null.</summary>
    public static string? RuleFor(string reader, ArrowType type, string? ours, string? theirs) => (reader, type) switch
    {
        (DuckDb, TimestampType { Unit: TimeUnit.Nanosecond, TimeZone: not null }) => Nanoseconds,
        (DuckDb, DecimalType { Precision: > 38 }) when IsSameDouble(ours, theirs) => WideDecimals,
        (Hyparquet, DecimalType) when IsSameDouble(ours, theirs) => Decimals,
        _ => null,
    };

    /// <summary>The rule by which a reader may refuse or misread a file of a schema; or null.</summary>
    public static string? RuleForFile(string reader, Schema schema, string? refusal)
    {
        if (reader == Hyparquet && HasHardNames(schema.Fields)) return $"{reader}: {Names}";
        if (reader == DuckDb && refusal?.Contains("named structs", StringComparison.Ordinal) == true
            && schema.Fields.Any(field => Below(field).Any(each => each.Name.Length == 0)))
        {
            return $"{reader}: {Unnamed}";
        }

        return reader == DuckDb && refusal?.Contains("to Timestamp(US)", StringComparison.Ordinal) == true
            ? $"{reader}: {Instants}" : null;
    }

    private static bool HasHardNames(IReadOnlyList<Field> fields) =>
        fields.DistinctBy(field => field.Name).Count() < fields.Count
        || fields.Any(field => field.Name.Contains('.', StringComparison.Ordinal) || HasHardNames(field.Type.Children));

    private static IEnumerable<Field> Below(Field field) => field.Type.Children.SelectMany(Below).Prepend(field);

    /// <summary>As doubles, up to the last digits.</summary>
    private static bool IsSameDouble(string? ours, string? theirs)
    {
        const double most = 1e-12;
        return double.TryParse(ours, CultureInfo.InvariantCulture, out double one)
            && double.TryParse(theirs, CultureInfo.InvariantCulture, out double two)
            && (one.Equals(two) || Math.Abs(one - two) <= Math.Abs(one) * most);
    }
}
