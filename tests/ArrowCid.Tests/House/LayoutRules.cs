namespace ArrowCid.Tests.House;

/// <summary>The folders, namespaces and names of the tree: a reader finds a type by its name alone.</summary>
internal static class LayoutRules
{
    /// <summary>The largest number of files that stand in one folder, sub-folders not counted.</summary>
    public const int FolderFiles = 25;

    // Namespaces of other libraries, whose users look for extension methods there.
    private static readonly string[] s_others =
        ["Microsoft.AspNetCore.Builder", "Microsoft.Extensions.DependencyInjection"];

    /// <summary>A folder is one subject, which can be seen at once.</summary>
    public static IEnumerable<string> LargeFolders(IEnumerable<string> paths) =>
        from path in paths
        group path by path[..path.LastIndexOf('/')] into folder
        where folder.Count() > FolderFiles
        select $"{folder.Key}:1: {folder.Count()} files; give it sub-folders by subject, {FolderFiles} files at most.";

    /// <summary>A namespace is that of the project and of the first folders of the file's path.</summary>
    public static IEnumerable<string> Namespaces(IEnumerable<CSharpSource> sources) =>
        from source in sources
        let parts = source.Path.Split('/')[1..^1]
        where parts.Length > 0
        // The client and the server share the frames of Flight.
        let project = parts[0] == "ArrowCid.Client" ? ["ArrowCid.Client", "ArrowCid.Flight"] : new[] { parts[0] }
        let allowed = project.SelectMany(name => Enumerable.Range(1, parts.Length)
            .Select(count => string.Join('.', parts[1..count].Prepend(name)))).Concat(s_others).ToList()
        from line in source.Code.Index()
        where line.Item.StartsWith("namespace ", StringComparison.Ordinal)
        let name = line.Item["namespace ".Length..].TrimEnd(';', ' ')
        where !allowed.Contains(name)
        select $"{source.Path}:{line.Index + 1}: namespace {name}; take one of {string.Join(", ", allowed)}.";

    /// <summary>No two types of the product have one name, whatever their namespaces.</summary>
    public static IEnumerable<string> SharedNames(IEnumerable<CSharpSource> sources) =>
        from source in sources
        where source.Project.Length > 0 && !Path.GetFileName(source.Path).Contains(".Apache.", StringComparison.Ordinal)
        from line in source.Code
        where line.Length > 0 && char.IsLetter(line[0]) && !line.Contains(" partial ", StringComparison.Ordinal)
        from type in CSharpSource.Of(source.Path, line).Types
        group source.Path by type into named
        where named.Distinct().Skip(1).Any()
        select $"{named.First()}:1: {named.Key} is also in {string.Join(", ", named.Skip(1))}; give each a name of its own.";
}
