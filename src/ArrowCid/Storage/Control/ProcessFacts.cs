using System.Globalization;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>What the kernel tells of processes, for people.</summary>
internal static class ProcessFacts
{
    // Of /proc; the same on every Linux that .NET runs on.
    private const long TicksPerSecond = 100;

    /// <summary>The processes that can be seen from here.</summary>
    public static IEnumerable<int> All()
    {
        foreach (string path in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out int process))
                yield return process;
        }
    }

    /// <summary>A process's short name, or an empty one where it is gone.</summary>
    public static string Program(int process) => Read($"/proc/{process}/comm").TrimEnd('\n');

    /// <summary>When a process started, in ticks since the boot: with its id, that names it.</summary>
    public static ulong StartTicks(int process)
    {
        // The name in parentheses may hold anything; fields are counted after it.
        string text = Read($"/proc/{process}/stat");
        string[] fields = text[(text.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 19 && ulong.TryParse(fields[19], CultureInfo.InvariantCulture, out ulong ticks)
            ? ticks
            : 0;
    }

    public static DateTimeOffset? StartTime(int process)
    {
        const string Mark = "btime ";
        ulong ticks = StartTicks(process);
        string text = Read("/proc/stat");
        int at = text.IndexOf("\n" + Mark, StringComparison.Ordinal);
        if (ticks == 0 || at < 0) return null;
        ReadOnlySpan<char> rest = text.AsSpan(at + 1 + Mark.Length);
        int end = rest.IndexOf('\n');
        return long.TryParse(end < 0 ? rest : rest[..end], CultureInfo.InvariantCulture, out long boot)
            ? DateTimeOffset.FromUnixTimeMilliseconds((boot * 1000) + ((long)ticks * 1000 / TicksPerSecond))
            : null;
    }

    public static uint? UserId(int process) =>
        FileDescriptor.StatPath($"/proc/{process}", out FileStatus status) == 0 ? status.UserId : null;

    /// <summary>A small file of /proc; empty where it cannot be read.</summary>
    public static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
