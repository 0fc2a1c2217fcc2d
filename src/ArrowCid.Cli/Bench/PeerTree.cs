namespace ArrowCid.Cli.Bench;

/// <summary>The source tree, which has the scripts of the peers; an installed command has none.</summary>
internal static class PeerTree
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
}
