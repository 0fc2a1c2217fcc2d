using System.Globalization;
using System.Text.RegularExpressions;

namespace ArrowCid.Tests.House;

/// <summary>The second level of the layers: sub-folders of src/ArrowCid, the sizes of classes, and late hooks.</summary>
internal static partial class StructureRules
{
    /// <summary>The largest number of lines that all files of a partial class may have together.</summary>
    public const int ClassLines = 800;

    // Sizes are written down in steps, so that a small change does not touch them.
    private const int Step = 100;

    // The sub-folders of each folder in rank order: one uses only those before it. "" is the folder itself.
    private static readonly Dictionary<string, string[]> s_ranks = new()
    {
        ["Columnar"] = ["Types", "CData", "Arrays", "Bridge", "Building", "Text"],
        ["Ipc"] =
            ["Flatbuffers", "Canonical/Buffers", "Canonical/Values", "Canonical", "Reading/Sources",
            "Reading/Messages", "Reading/Batches", "Reading/Blocks", "Reading", "Checking", "Writing", "Fingerprints"],
        ["Ipld"] = ["", "DagCbor", "Manifests", "Car", "UnixFs", "Paths"],
        ["Storage"] =
            ["Format", "Control", "Segments", "Diagnostics", "Index", "Log", "Log/Reading", "Log/Writing", "Sources",
            "Recovery", "Compaction", ""],
        ["Registry"] =
            ["Facts", "Facts/Kinds", "Facts/Codec", "Collection", "State", "Filtering/Values", "Filtering/Nodes",
            "Filtering/Parsing", "Index/Runs", "Index/Keys", "Index/Queries", "Index/Building", ""],
        ["Parquet"] = ["Format", "Mapping", "Encodings", "Writing", "Reading"],
        ["Transfer"] = ["", "Backends", "Columns", "Backup", "Car", "Diff", "Rows", "Files"],
        ["Sync"] = ["Sketches", "Messages", ""],
        ["Store"] =
            ["", "Putting", "Watching", "Metadata", "Retention", "Audit", "Diagnostics", "Transfer", "Places/Holders", "Places",
            "Caching", "Maintenance", "Memos", "Signing", "Syncing", "Channels", "Channels/Bridges"],
    };

    /// <summary>Sub-folders that have no rank.</summary>
    public static IEnumerable<string> Unranked(IEnumerable<CSharpSource> sources) =>
        from source in sources
        where PlaceOf(source) is { } place && !s_ranks[place.Top].Contains(place.Sub)
        select $"{source.Path}:1: '{PlaceOf(source)!.Value.Sub}' has no rank in {PlaceOf(source)!.Value.Top}; "
            + $"give it a place in {nameof(StructureRules)}.";

    /// <summary>How often files of a sub-folder name a type of one that ranks above it: a line for each pair of
    /// sub-folders, with the number of files and types.</summary>
    public static SortedDictionary<string, int> UpwardUses(IReadOnlyCollection<CSharpSource> sources)
    {
        var homes = new Dictionary<string, (string Top, string Sub)>();
        foreach (CSharpSource source in sources)
        {
            if (PlaceOf(source) is not { } place) continue;
            foreach (string type in TopLevelTypes(source)) _ = homes.TryAdd(type, place);
        }

        var uses = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (CSharpSource source in sources)
        {
            if (PlaceOf(source) is not { } place) continue;
            IEnumerable<string> names = source.Code.SelectMany(line => Identifier().Matches(line))
                .Select(match => match.Value).Distinct();
            foreach (string name in names)
            {
                if (!homes.TryGetValue(name, out (string Top, string Sub) home) || home.Top != place.Top) continue;
                string[] ranks = s_ranks[place.Top];
                if (Array.IndexOf(ranks, home.Sub) <= Array.IndexOf(ranks, place.Sub)) continue;
                string key = $"uses {Name(place)} {Name(home)}";
                uses[key] = uses.GetValueOrDefault(key) + 1;
            }
        }

        return uses;
    }

    /// <summary>The partial classes of src that are larger than <see cref="ClassLines"/>, in steps of 100
    /// lines.</summary>
    public static SortedDictionary<string, int> LargeClasses(IEnumerable<CSharpSource> sources)
    {
        var large = new SortedDictionary<string, int>(StringComparer.Ordinal);
        IEnumerable<IGrouping<string, CSharpSource>> classes = sources
            .Where(source => source.Project.Length > 0 && source.Code.Any(line => PartialType().IsMatch(line)))
            .GroupBy(source => $"lines {source.Project} {Path.GetFileName(source.Path).Split('.')[0]}");
        foreach (IGrouping<string, CSharpSource> one in classes)
        {
            int lines = one.Sum(source => source.Lines.Count - 1);
            if (lines > ClassLines) large[one.Key] = (lines + Step - 1) / Step * Step;
        }

        return large;
    }

    /// <summary>A delegate that others set later hides from the layers who calls whom.</summary>
    public static IEnumerable<string> LateHooks(IEnumerable<CSharpSource> sources) =>
        from source in sources
        where source.Project == "ArrowCid"
        from line in source.Code.Index()
        where LateHook().IsMatch(line.Item)
        select $"{source.Path}:{line.Index + 1}: a delegate that is set after construction; "
            + "take it as a constructor parameter.";

    /// <summary>Compares what was counted with what is written down: no count may be larger, and none smaller without
    /// being written down.</summary>
    public static IEnumerable<string> Changes(IReadOnlyDictionary<string, int> counted, IEnumerable<string> accepted)
    {
        Dictionary<string, int> limits = accepted.Where(line => line.Length > 0 && !line.StartsWith('#'))
            .ToDictionary(line => line[..line.LastIndexOf(' ')],
                line => int.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
        foreach ((string key, int count) in counted)
        {
            int limit = limits.GetValueOrDefault(key);
            if (count > limit)
            {
                yield return key.StartsWith("lines", StringComparison.Ordinal)
                    ? $"{key}: over {Math.Max(limit, ClassLines)} lines; split the class by subject."
                    : $"{key}: {count} references, over {limit}; move the code up, or what it needs down.";
            }
        }

        foreach ((string key, int limit) in limits)
        {
            if (counted.GetValueOrDefault(key) < limit) yield return $"{key}: now {counted.GetValueOrDefault(key)}; "
                + $"write that down instead of {limit}.";
        }
    }

    private static (string Top, string Sub)? PlaceOf(CSharpSource source)
    {
        string[] parts = source.Path.Split('/');
        return source.Project == "ArrowCid" && parts.Length > 3 && s_ranks.ContainsKey(parts[2])
            ? (parts[2], string.Join('/', parts[3..^1]))
            : null;
    }

    private static string Name((string Top, string Sub) place) =>
        place.Sub.Length == 0 ? place.Top : $"{place.Top}/{place.Sub}";

    private static IEnumerable<string> TopLevelTypes(CSharpSource source) => source.Code
        .Where(line => line.Length > 0 && char.IsLetter(line[0]))
        .SelectMany(line => CSharpSource.Of(source.Path, line).Types);

    [GeneratedRegex(@"(?<![\w.])[A-Z]\w*")]
    private static partial Regex Identifier();

    [GeneratedRegex(@"^(public|internal)\b.*\bpartial\s+(class|struct|record|interface)\b")]
    private static partial Regex PartialType();

    [GeneratedRegex(@"\b(Action|Func|Predicate|\w+(Handler|Callback))(<.*>)?\??\s+\w+\s*\{\s*get;\s*(internal\s+)?set;")]
    private static partial Regex LateHook();
}
