using System.Text.RegularExpressions;

namespace ArrowCid.Tests.House;

/// <summary>
/// The house's rules that a look at the sources can decide. Each finding has a place and a way out:
/// <c>file:line: what; what to do instead</c>.
/// </summary>
internal static partial class TidyRules
{
    private const int FileLines = 700;
    private const int LineLength = 120;
    private const string Memory = "ArrowCid.Memory";

    // The folders of src/ArrowCid in rank order: a folder uses only those before it. The facade may use all.
    private static readonly string[] s_ranks =
        ["Compression", "Columnar", "Ipc", "Ipld", "Signing", "Storage", "Registry", "Parquet", "Transfer", "Sync",
            "Channels"];

    // Likewise those of src/ArrowCid.Client and src/ArrowCid.Server; what stands beside them may use all.
    private static readonly string[] s_flightRanks =
        ["Diagnostics", "Limits", "Grpc", "Access", "Pinning", "Service", "Http"];

    private static readonly string[] s_unsafeProjects = [Memory, "ArrowCid.Native"];

    /// <summary>No string of the libraries names a verb or flag of the command: that is a remedy, which the command words.
    /// <c>version</c> is left out, which Parquet's form of a creator, <c>NAME version NUMBER</c>, has too.</summary>
    /// <param name="sources">The sources.</param>
    /// <param name="reference">The reference of the command, which has a heading for each verb.</param>
    public static IEnumerable<string> CommandWords(IEnumerable<CSharpSource> sources, string reference)
    {
        IEnumerable<string> verbs = VerbHeading().Matches(reference).Select(verb => verb.Groups[1].Value);
        var words = new Regex($@"\barrowcid ({string.Join('|', verbs.Except(["version"]))})\b|(?<![\w-])--[a-z]");
        return from source in sources
               where source.Path.StartsWith("src/", StringComparison.Ordinal) && source.Project != "ArrowCid.Cli"
               from literal in source.Literals
               where words.IsMatch(literal.Text)
               select $"{source.Path}:{literal.Line}: {literal.Text} names a verb or flag of the command; "
                   + "say what is wrong, give the exception a Remedy, and word that in src/ArrowCid.Cli/Advice.cs.";
    }

    [GeneratedRegex(@"^## ([a-z]+)", RegexOptions.Multiline)]
    private static partial Regex VerbHeading();

    /// <summary>A folder uses only the folders before it, and no folder the facade.</summary>
    public static IEnumerable<string> LayerOrder(IReadOnlyCollection<CSharpSource> sources)
    {
        List<CSharpSource> library = sources.Where(s => s.Project == "ArrowCid").ToList();
        Dictionary<string, HashSet<string>> types = library.GroupBy(Folder)
            .ToDictionary(g => g.Key, g => g.SelectMany(s => s.Types).ToHashSet());
        foreach (CSharpSource source in library)
        {
            string folder = Folder(source);
            if (folder is not ("" or Facade) && !s_ranks.Contains(folder))
            {
                yield return $"{source.Path}:1: '{folder}' has no rank; give it a place in {nameof(TidyRules)}.";
                continue;
            }
            for (int i = 0; i < source.Code.Count; i++)
            {
                foreach (string finding in LayersInLine(source.Code[i], folder, types))
                {
                    yield return $"{source.Path}:{i + 1}: {finding}";
                }
            }
        }
    }

    /// <summary>The same for the folders of the client and the server, which share their namespaces.</summary>
    public static IEnumerable<string> FlightLayerOrder(IEnumerable<CSharpSource> sources) =>
        from source in sources
        let parts = source.Path.Split('/')
        where source.Project is "ArrowCid.Client" or "ArrowCid.Server" && parts.Length > 3
        from line in source.Code.Index()
        from name in FlightFolder().Matches(line.Item)
        let other = name.Groups[1].Value
        let isTooHigh = Array.IndexOf(s_flightRanks, other) > Array.IndexOf(s_flightRanks, parts[2])
        where NamespaceLine().IsMatch(line.Item) ? other != parts[2] : isTooHigh
        select $"{source.Path}:{line.Index + 1}: '{parts[2]}' uses {other}, which stands above it; "
            + "move the code up, or what it needs down.";

    /// <summary>The command goes by the public face, but for the verbs that look into a store's files.</summary>
    public static IEnumerable<string> CommandFolders(IEnumerable<CSharpSource> sources) =>
        from source in sources
        where source.Path.StartsWith("src/ArrowCid.Cli/", StringComparison.Ordinal)
        where !source.Path.Contains("/Inspect/", StringComparison.Ordinal)
        from line in source.Code.Index()
        where line.Item.Contains("ArrowCid.Storage", StringComparison.Ordinal)
        select $"{source.Path}:{line.Index + 1}: ArrowCid.Storage; use the facade, or stand in Inspect.";

    /// <summary>The engine reads batches through types of its own: Apache.Arrow is named by the bridge and by the
    /// public members that take and give its batches, so that libarrowcid, which has neither, does not load it.</summary>
    public static IEnumerable<string> ApacheFiles(IEnumerable<CSharpSource> sources) =>
        from source in sources
        where source.Project is "ArrowCid" or "ArrowCid.Client" or "ArrowCid.Server" or "ArrowCid.Native" or Memory
        where !ApacheFile().IsMatch(source.Path)
        from line in source.Code.Index()
        where line.Item.Contains("Apache.Arrow", StringComparison.Ordinal)
            || (source.Project == "ArrowCid.Native" && ApacheBridge().IsMatch(line.Item))
        select $"{source.Path}:{line.Index + 1}: Apache.Arrow; stand in Columnar/Bridge or in a file *.Apache.cs.";

    private const string Facade = "the facade";

    // Folders of types that every folder may use.
    private static readonly string[] s_shared = ["Errors", "Multiformats", "Values"];

    private static string Folder(CSharpSource source)
    {
        string[] parts = source.Path.Split('/');
        if (parts.Length < 4 || s_shared.Contains(parts[2])) return "";
        return parts[2] == "Store" ? Facade : parts[2];
    }

    private static int Rank(string folder) => folder switch
    {
        "" => -1,
        Facade => s_ranks.Length,
        _ => Array.IndexOf(s_ranks, folder),
    };

    private static IEnumerable<string> LayersInLine(
        string line, string folder, Dictionary<string, HashSet<string>> types)
    {
        Match space = NamespaceLine().Match(line);
        string expected = folder is "" or Facade ? "ArrowCid" : "ArrowCid." + folder;
        if (space.Success && !(space.Groups[1].Value + ".").StartsWith(expected + ".", StringComparison.Ordinal))
        {
            yield return $"namespace {space.Groups[1].Value} in '{folder}'; the folder's namespace is {expected}.";
        }
        if (GlobalUsing().IsMatch(line))
        {
            yield return "a global using hides what the file depends on; write the using in each file.";
        }
        foreach (Match m in QualifiedName().Matches(line).Where(_ => !space.Success))
        {
            string other = m.Groups[2].Value;
            if (Rank(other) <= Rank(folder))
            {
                continue;
            }
            bool isSure = m.Groups[1].Success
                || (types.TryGetValue(other, out HashSet<string>? names) && names.Contains(m.Groups[3].Value));
            if (isSure)
            {
                yield return $"'{Name(folder)}' uses {other}, which stands above it; "
                    + "move the code up, or what it needs down.";
            }
        }
        if (folder != Facade && types.TryGetValue(Facade, out HashSet<string>? facade))
        {
            foreach (Match m in Identifier().Matches(line).Where(m => facade.Contains(m.Value)))
            {
                yield return $"'{Name(folder)}' uses {m.Value} of the facade; "
                    + "the facade uses the folders, not they it.";
            }
        }
    }

    private static string Name(string folder) => folder.Length == 0 ? "the root" : folder;

    /// <summary>References and pointers past the type system stay in the assembly that is there for them.</summary>
    public static IEnumerable<string> UnsafeCalls(IReadOnlyCollection<CSharpSource> sources) =>
        Lines(sources.Where(s => IsProduct(s) && !s_unsafeProjects.Contains(s.Project)), UnsafeCall(),
            m => $"{m.Value.TrimEnd('.', '(')} outside {Memory}; use spans, MemoryMarshal.Cast or a type of {Memory}.");

    /// <summary>Who writes unsafe code says why it is right.</summary>
    public static IEnumerable<string> SafetyLines(IReadOnlyCollection<CSharpSource> sources)
    {
        foreach (CSharpSource source in sources.Where(s => s_unsafeProjects.Contains(s.Project)))
        {
            int at = source.Code.ToList().FindIndex(line => UnsafeKeyword().IsMatch(line));
            if (at >= 0 && !source.Lines.Any(line => line.Contains("// SAFETY:", StringComparison.Ordinal)))
            {
                yield return $"{source.Path}:{at + 1}: unsafe code without '// SAFETY:' in the file; "
                    + "say who guarantees length, alignment and lifetime.";
            }
        }
    }

    /// <summary>Nothing is left for later.</summary>
    public static IEnumerable<string> Leftovers(IReadOnlyCollection<CSharpSource> sources) =>
        from source in sources
        from line in source.Lines.Index()
        let m = Leftover().Match(line.Item)
        where m.Success
        select $"{source.Path}:{line.Index + 1}: {m.Value}; finish it, or take it out and say so in the README.";

    /// <summary>A file can be held in the head.</summary>
    public static IEnumerable<string> Lengths(IReadOnlyCollection<CSharpSource> sources)
    {
        foreach (CSharpSource source in sources)
        {
            if (source.Lines.Count > FileLines + 1)
            {
                yield return $"{source.Path}:{FileLines + 1}: {source.Lines.Count - 1} lines; "
                    + $"split it by concern, {FileLines} at most.";
            }
            if (!IsProduct(source))
            {
                continue;
            }
            foreach ((int i, string line) in source.Lines.Index().Where(l => l.Item.Length > LineLength))
            {
                yield return $"{source.Path}:{i + 1}: {line.Length} characters; break the line at {LineLength}.";
            }
        }
    }

    /// <summary>A type's name says what it is.</summary>
    public static IEnumerable<string> TypeNames(IReadOnlyCollection<CSharpSource> sources) =>
        from source in sources
        from line in source.Code.Index()
        from type in CSharpSource.Of(source.Path, line.Item).Types
        where EmptyName().IsMatch(type)
        select $"{source.Path}:{line.Index + 1}: {type}; name it for the thing it is, not for managing or helping.";

    /// <summary>A source file holds one type, and is named for it.</summary>
    public static IEnumerable<string> FileNames(IReadOnlyCollection<CSharpSource> sources) =>
        from source in sources
        where source.Project.Length > 0 && !source.Project.EndsWith(".cs", StringComparison.Ordinal)
        let name = Path.GetFileName(source.Path).Split('.')[0]
        let types = source.Code.Where(line => line.Length > 0 && char.IsLetter(line[0]))
            .SelectMany(line => CSharpSource.Of(source.Path, line).Types).Distinct().ToList()
        where types.Count > 1 || (types.Count == 1 && types[0] != name)
        select $"{source.Path}:1: {string.Join(", ", types)}; give each type a file of its name.";

    /// <summary>Tests wait for events, not for time; benchmarks may let a machine settle.</summary>
    public static IEnumerable<string> Sleeps(IReadOnlyCollection<CSharpSource> sources) =>
        Lines(sources.Where(s => s.Path.StartsWith("tests/", StringComparison.Ordinal)
            && !s.Path.StartsWith("tests/ArrowCid.Benchmarks/", StringComparison.Ordinal)), Sleep(),
            m => $"{m.Value}; wait for what the test is about: an exit, a line of output, a committed word.");

    /// <summary>What differs between frameworks is behind one wall.</summary>
    public static IEnumerable<string> FrameworkBranches(IReadOnlyCollection<CSharpSource> sources) =>
        Lines(sources.Where(s => IsProduct(s) && s.Project != Memory), FrameworkBranch(),
            m => $"{m.Value.Trim()} outside {Memory}; put the difference behind a type of {Memory}.");

    /// <summary>Only the projects that are there for it compile unsafe blocks.</summary>
    public static IEnumerable<string> UnsafeProjects(IEnumerable<(string Path, string Text)> projects) =>
        from project in projects
        where !s_unsafeProjects.Contains(Path.GetFileNameWithoutExtension(project.Path))
        from line in project.Text.Split('\n').Index()
        where line.Item.Contains("AllowUnsafeBlocks", StringComparison.Ordinal)
        select $"{project.Path}:{line.Index + 1}: AllowUnsafeBlocks; unsafe code stands in {Memory} alone.";

    /// <summary>The top level is the user's.</summary>
    public static IEnumerable<string> TopLevel(IEnumerable<string> entries) =>
        from entry in entries
        where !TopLevelEntry().IsMatch(entry)
        select $"{entry}:1: not one of the tree's fixed top-level entries; put it into the folder that it belongs to.";

    private static bool IsProduct(CSharpSource source) =>
        source.Path.StartsWith("src/", StringComparison.Ordinal)
        || source.Path.StartsWith("samples/", StringComparison.Ordinal);

    private static IEnumerable<string> Lines(
        IEnumerable<CSharpSource> sources, Regex banned, Func<Match, string> say) =>
        from source in sources
        from line in source.Code.Index()
        let m = banned.Match(line.Item)
        where m.Success
        select $"{source.Path}:{line.Index + 1}: {say(m)}";

    [GeneratedRegex(@"/Columnar/Bridge/|\.Apache\.cs$|/(BatchLease|RemoteBatch)\.cs$")]
    private static partial Regex ApacheFile();

    [GeneratedRegex(@"\b(ToApache|FromApache)")]
    private static partial Regex ApacheBridge();

    [GeneratedRegex(@"^\s*namespace\s+([\w.]+)")]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"^\s*global\s+using\s+(static\s+)?ArrowCid\b")]
    private static partial Regex GlobalUsing();

    [GeneratedRegex(@"(?<![\w.])(ArrowCid\.)?(Compression|Columnar|Ipc|Ipld|Storage|Registry|Parquet|Transfer)\b(?:\.(\w+))?")]
    private static partial Regex QualifiedName();

    [GeneratedRegex(@"\bArrowCid\.(?:Flight|Server)\.(Diagnostics|Limits|Grpc|Access|Pinning|Service|Http)\b")]
    private static partial Regex FlightFolder();

    [GeneratedRegex(@"(?<![\w.])[A-Z]\w*")]
    private static partial Regex Identifier();

    [GeneratedRegex(@"\bUnsafe\.|\bMemoryMarshal\.(GetReference|Create(ReadOnly)?Span|GetArrayDataReference)\b"
        + @"|\b(LibraryImport|DllImport)\b")]
    private static partial Regex UnsafeCall();

    [GeneratedRegex(@"\bunsafe\b|\bUnsafe\.|\bMemoryMarshal\.(GetReference|Create(ReadOnly)?Span)\b")]
    private static partial Regex UnsafeKeyword();

    [GeneratedRegex(@"\bTO[D]O\b|\bFIX[M]E\b|\bHA[C]K\b|\bNotImplemented[E]xception\b")]
    private static partial Regex Leftover();

    [GeneratedRegex(@"(Manager|Helper|Util(itie)?)s?$")]
    private static partial Regex EmptyName();

    [GeneratedRegex(@"\bThread\s*\.\s*Sleep\b|\bTask\s*\.\s*Delay\b")]
    private static partial Regex Sleep();

    [GeneratedRegex(@"^\s*#\s*(el)?if\b.*\bNET\w*")]
    private static partial Regex FrameworkBranch();

    [GeneratedRegex(@"^(src|tests|samples|interop|proto|LICENSE|\..+"
        + @"|ArrowCid\.sln|README\.md|Directory\.Build\.props)$")]
    private static partial Regex TopLevelEntry();
}
