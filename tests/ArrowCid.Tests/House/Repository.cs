using System.Diagnostics;

namespace ArrowCid.Tests.House;

/// <summary>The source tree that the tests were built from.</summary>
internal static class Repository
{
    /// <summary>The folder that holds ArrowCid.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The full path of a file of the tree, from its path with forward slashes.</summary>
    public static string PathOf(string relative) => Path.Combine(Root, relative);

    /// <summary>The paths of the files below a folder with one of some extensions, sorted, as the tree names
    /// them.</summary>
    public static IEnumerable<string> FilesBelow(string folder, params string[] extensions) =>
        AllFilesBelow(folder).Where(f => extensions.Contains(Path.GetExtension(f)));

    /// <summary>Likewise, whatever their extensions.</summary>
    public static IEnumerable<string> AllFilesBelow(string folder)
    {
        string full = PathOf(folder);
        if (!Directory.Exists(full))
        {
            return [];
        }
        return Directory.EnumerateFiles(full, "*", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(Root, f))
            .Where(f => !f.Split('/').Any(part => part is "node_modules" or "bin" or "obj"))
            .Order(StringComparer.Ordinal);
    }

    /// <summary>The names at the top level: those under version control, or all where there is none.</summary>
    public static IReadOnlyList<string> TopLevel()
    {
        if (Path.Exists(PathOf(".git")) && TrackedFiles() is { Count: > 0 } tracked)
        {
            return tracked.Select(f => f.Split('/')[0]).Distinct().Order(StringComparer.Ordinal).ToList();
        }
        return Directory.EnumerateFileSystemEntries(Root).Select(e => Path.GetFileName(e)).ToList();
    }

    private static List<string>? TrackedFiles()
    {
        var start = new ProcessStartInfo("git", ["-C", Root, "ls-files", "-z"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using Process git = Process.Start(start)!;
            Task<string> errors = git.StandardError.ReadToEndAsync();
            string listing = git.StandardOutput.ReadToEnd();
            git.WaitForExit();
            _ = errors.Result;
            return git.ExitCode == 0 ? [.. listing.Split('\0', StringSplitOptions.RemoveEmptyEntries)] : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // no git on this machine
        }
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder != null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "ArrowCid.sln")))
            {
                return folder.FullName;
            }
        }
        throw new InvalidOperationException(
            $"No ArrowCid.sln above {AppContext.BaseDirectory}: run the tests from within the source tree.");
    }
}
