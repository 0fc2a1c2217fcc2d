using System.Globalization;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// Who holds what, as <c>/proc/*/fdinfo</c> tells it: of processes of one's own user (root: of all) that this process
/// can see. Only for people: ownership is never decided by it.
/// </summary>
internal static class LockHolders
{
    /// <summary>Every lock on one of a directory's files.</summary>
    public static List<HeldLock> Find(FileDescriptor folder, IEnumerable<string> files)
    {
        var inodes = new Dictionary<ulong, string>();
        foreach (string file in files)
        {
            if (folder.StatFile(file, out FileStatus status) == 0) inodes[status.Inode] = file;
        }

        var held = new List<HeldLock>();
        if (inodes.Count == 0) return held;
        foreach (int process in ProcessFacts.All())
        {
            foreach (string descriptor in Entries($"/proc/{process}/fdinfo"))
                AddLocks(process, descriptor, inodes, held);
        }

        return held;
    }

    /// <summary>The holders of some segments as a message names them; null where there are no segments.</summary>
    public static string? Describe(FileDescriptor folder, IReadOnlyCollection<string> segments)
    {
        if (segments.Count == 0) return null;
        var held = Find(folder, segments).Select(one => (one.Process, one.File)).ToHashSet();
        List<string> names =
        [
            .. held.GroupBy(one => one.Process).OrderBy(group => group.Key).Select(group =>
                $"process {group.Key} ({ProcessFacts.Program(group.Key)}" +
                $"{(group.Key == ProcessMark.Current ? ", this one" : "")}) holds {group.Count()}"),
        ];
        int unnamed = segments.Count(segment => !held.Any(one => one.File == segment));
        if (unnamed > 0) names.Add($"an unnamed reader holds {unnamed}");
        return string.Join(", ", names);
    }

    private static void AddLocks(int process, string descriptor, Dictionary<ulong, string> inodes, List<HeldLock> held)
    {
        string text = ProcessFacts.Read(descriptor);
        if (!text.Contains("lock:", StringComparison.Ordinal)) return;
        foreach (string line in text.Split('\n'))
        {
            if (!line.StartsWith("lock:", StringComparison.Ordinal)) continue;
            // lock: 1: OFDLCK ADVISORY READ -1 00:1a:4711 0 EOF
            string[] words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 9 || words[2] != "OFDLCK") continue;
            string[] place = words[6].Split(':');
            if (place.Length != 3 || !ulong.TryParse(place[2], CultureInfo.InvariantCulture, out ulong inode)) continue;
            if (!inodes.TryGetValue(inode, out string? file) || !IsNamed(process, descriptor, file)) continue;
            if (!long.TryParse(words[7], CultureInfo.InvariantCulture, out long start)) continue;
            // The kernel shows the last byte; EOF where there is none.
            long end = long.TryParse(words[8], CultureInfo.InvariantCulture, out long last) && last < long.MaxValue
                ? last + 1
                : long.MaxValue;
            held.Add(new HeldLock(process, file, words[4] == "WRITE", start, end));
        }
    }

    /// <summary>An inode's number alone may be another file system's: its device is not the same number on all of
    /// them as stat shows, its name is.</summary>
    private static bool IsNamed(int process, string descriptor, string file)
    {
        try
        {
            string? target = new FileInfo($"/proc/{process}/fd/{Path.GetFileName(descriptor)}").LinkTarget;
            return target is not null && Path.GetFileName(target).StartsWith(file, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string[] Entries(string directory)
    {
        try
        {
            return Directory.GetFiles(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
