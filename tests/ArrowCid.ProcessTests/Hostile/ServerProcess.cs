using System.Globalization;

namespace ArrowCid.ProcessTests.Hostile;

/// <summary>The resident memory of another process.</summary>
internal static class ServerProcess
{
    /// <summary>The resident memory now, in bytes.</summary>
    public static long Resident(int process) => Field(process, "VmRSS:");

    /// <summary>The most resident memory since <see cref="ResetPeak"/>, in bytes.</summary>
    public static long Peak(int process) => Field(process, "VmHWM:");

    public static void ResetPeak(int process) => File.WriteAllText($"/proc/{process}/clear_refs", "5");

    private static long Field(int process, string name)
    {
        string line = File.ReadLines($"/proc/{process}/status").First(each => each.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture) << 10;
    }
}
