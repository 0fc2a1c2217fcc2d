using System.Diagnostics;

namespace ArrowCid.Benchmarks;

/// <summary>The source tree, which has the scripts of the competitors; an installed command has none.</summary>
internal static class SourceTree
{
    /// <summary>Finds a file of the tree from the working directory and from the program's own upwards.</summary>
    /// <returns>Its full path, or null where there is no tree.</returns>
    public static string? Find(string path)
    {
        foreach (string start in new[] { Environment.CurrentDirectory, AppContext.BaseDirectory })
        {
            for (string? at = start; at is not null; at = Path.GetDirectoryName(at))
            {
                string full = Path.Combine(at, path);
                if (File.Exists(full)) return full;
            }
        }

        return null;
    }

    /// <summary>How to start a script of the tree with the Python that has pyarrow.</summary>
    /// <returns>Null where there is no tree.</returns>
    public static ProcessStartInfo? Python(string script, params string[] arguments) =>
        Find("interop/peers/python") is { } launcher && Find(script) is { } found
            ? new ProcessStartInfo("sh", [launcher, found, .. arguments])
            : null;

    /// <summary>Finds the script that starts Redis, and the program that talks to LMDB and SQLite.</summary>
    /// <returns>Null where one of them is missing.</returns>
    public static string? FindRunner()
    {
        if (Find("interop/peers/run") is not { } runner) return null;
        using Process asked = Process.Start(new ProcessStartInfo("sh", [runner, "--has"]))
            ?? throw new ArrowCidException(ErrorCode.Io, "sh could not be started");
        asked.WaitForExit();
        return asked.ExitCode == 0 ? runner : null;
    }
}
