using System.Text;
using System.Text.RegularExpressions;
using ArrowCid.S3;

namespace ArrowCid.Cli.Inputs;

/// <summary>
/// The files that arguments name: a file is itself, a directory is all its files of known extensions, at any depth, and
/// a pattern such as <c>in/**/*.parquet</c> is the files that it matches. Files of a directory or pattern are in the
/// ordinal order of their paths. Hidden files and directories are left out, and links to directories are not followed,
/// so that a loop of links is never entered.
/// </summary>
internal static class InputFiles
{
    private const int ShownNames = 3;

    private static readonly string[] s_extensions =
        [".arrow", ".arrows", ".ipc", ".feather", ".parquet", ".csv", ".tsv", ".jsonl", ".ndjson"];

    /// <summary>Finds the files.</summary>
    /// <param name="arguments">Files, directories, patterns, and - for standard input.</param>
    /// <param name="isStrict">Whether a file of an unknown extension is refused, and not skipped.</param>
    /// <param name="more">Extensions that the verb knows beside those of Arrow, Parquet and text.</param>
    /// <exception cref="ArrowCidException">A directory or pattern has no file that can be read, or a file is
    /// refused.</exception>
    public static IReadOnlyList<InputFile> Of(string[] arguments, bool isStrict = false, params string[] more)
    {
        string[] known = [.. s_extensions, .. more];
        var files = new List<InputFile>();
        foreach (string argument in arguments)
        {
            if (argument == "-") files.Add(new InputFile(argument, "", argument));
            else if (S3Files.Matches(argument)) files.AddRange(InBucket(argument, known, isStrict));
            else if (Directory.Exists(argument)) files.AddRange(InDirectory(argument, known, isStrict));
            else if (argument.AsSpan().ContainsAny("*?[") && !File.Exists(argument))
                files.AddRange(Matching(argument));
            else
            {
                string root = NameOf(Path.GetDirectoryName(argument));
                files.Add(new InputFile(argument, root, Path.GetFileName(argument)));
            }
        }

        return files;
    }

    /// <summary>The paths of the same files.</summary>
    public static string[] PathsOf(string[] arguments, bool isStrict = false, params string[] more) =>
        [.. Of(arguments, isStrict, more).Select(file => file.Path)];

    private static IEnumerable<InputFile> InBucket(string path, string[] known, bool isStrict)
    {
        string name = Path.TrimEndingDirectorySeparator(Input.NameOf(path));
        string last = name[(name.LastIndexOf('/') + 1)..];
        if (!S3Files.IsFolder(path)) return [new InputFile(path, "", last)];
        IEnumerable<string> visible = S3Files.List(path)
            .Where(key => !key.Split('/').Any(part => part.StartsWith('.')));
        return Choose(path, visible, known, isStrict)
            .Select(key => new InputFile(S3Files.Combine(path, key), last, key));
    }

    private static IEnumerable<InputFile> InDirectory(string directory, string[] known, bool isStrict)
    {
        string root = NameOf(directory);
        return Choose(directory, Below(directory, ""), known, isStrict)
            .Select(path => new InputFile(Path.Combine(directory, path), root, path));
    }

    /// <summary>The files of known extensions in ordinal order; the others are reported.</summary>
    private static IOrderedEnumerable<string> Choose(string directory, IEnumerable<string> files, string[] known,
        bool isStrict)
    {
        ILookup<bool, string> found = files
            .ToLookup(path => known.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase));
        string[] other = [.. found[false].Order(StringComparer.Ordinal)];
        if (other.Length > 0)
        {
            string names = string.Join(", ", other.Take(ShownNames));
            if (other.Length > ShownNames) names += $" and {other.Length - ShownNames} more";
            string count = other.Length == 1 ? "1 file" : $"{other.Length} files";
            string text = $"{directory}: {count} of an unknown extension";
            if (isStrict) throw new ArrowCidException(ErrorCode.InvalidArgument, $"{text}: {names}; nothing was read");
            CommandError.Say($"{text} skipped: {names}");
        }

        if (!found[true].Any())
        {
            throw new ArrowCidException(ErrorCode.Io,
                $"{directory}: no file whose name ends in {string.Join(' ', known)}");
        }

        return found[true].Order(StringComparer.Ordinal);
    }

    /// <summary>The paths of all files below a directory that are not hidden.</summary>
    private static IEnumerable<string> Below(string directory, string prefix)
    {
        foreach (FileSystemInfo each in new DirectoryInfo(directory).EnumerateFileSystemInfos())
        {
            if (each.Name.StartsWith('.')) continue;
            if (!each.Attributes.HasFlag(FileAttributes.Directory)) yield return prefix + each.Name;
            else if (each.LinkTarget is null)
            {
                foreach (string path in Below(each.FullName, $"{prefix}{each.Name}/")) yield return path;
            }
        }
    }

    private static IEnumerable<InputFile> Matching(string pattern)
    {
        string[] parts = pattern.Split('/');
        int wild = Array.FindIndex(parts, part => part.AsSpan().ContainsAny("*?["));
        string directory = wild == 0 ? "." : wild == 1 && parts[0].Length == 0 ? "/" : string.Join('/', parts[..wild]);
        string root = NameOf(directory);
        var match = new Regex(Expression(parts[wild..]), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        string[] found = Directory.Exists(directory)
            ? [.. Below(directory, "").Where(path => match.IsMatch(path)).Order(StringComparer.Ordinal)]
            : [];
        if (found.Length == 0) throw new ArrowCidException(ErrorCode.Io, $"no file matches '{pattern}'");
        return found.Select(path =>
            new InputFile(wild == 0 ? path : Path.Combine(directory, path), root, path));
    }

    /// <summary>A pattern as an expression: ** is any number of directories, * and ? are within one name, and [abc]
    /// is one of these characters.</summary>
    private static string Expression(string[] parts)
    {
        var text = new StringBuilder("^");
        for (int i = 0; i < parts.Length; i++)
        {
            bool isLast = i == parts.Length - 1;
            if (parts[i] == "**")
            {
                text.Append(isLast ? ".*" : "(?:[^/]+/)*");
                continue;
            }

            if (parts[i].Length == 0) continue;
            for (int at = 0; at < parts[i].Length; at++)
            {
                char c = parts[i][at];
                int end = c == '[' ? parts[i].IndexOf(']', at + 1) : -1;
                if (end > at + 1)
                {
                    string set = parts[i][(at + 1)..end];
                    bool isDenied = set[0] == '!';
                    text.Append(isDenied ? "[^/" : "[");
                    text.Append(set[(isDenied ? 1 : 0)..].Replace("\\", "\\\\", StringComparison.Ordinal)
                        .Replace("[", "\\[", StringComparison.Ordinal).Replace("^", "\\^", StringComparison.Ordinal));
                    text.Append(']');
                    at = end;
                }
                else text.Append(c switch { '*' => "[^/]*", '?' => "[^/]", _ => Regex.Escape(c.ToString()) });
            }

            if (!isLast) text.Append('/');
        }

        return text.Append('$').ToString();
    }

    private static string NameOf(string? directory)
    {
        string full = Path.GetFullPath(directory is { Length: > 0 } ? directory : ".");
        return Path.GetFileName(Path.TrimEndingDirectorySeparator(full));
    }
}
