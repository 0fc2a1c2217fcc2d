using System.Globalization;

namespace ArrowCid.Cli;

/// <summary>Numbers of bytes for people.</summary>
internal static class SizeText
{
    private static readonly string[] s_units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>Returns <c>712 B</c>, <c>1.5 KiB</c>, <c>64 MiB</c>.</summary>
    public static string Of(long bytes)
    {
        if (bytes < 1024) return string.Create(CultureInfo.InvariantCulture, $"{bytes} B");
        double value = bytes / 1024.0;
        int unit = 0;
        // What would be shown as 1024 is one of the next unit.
        for (; value >= 1023.95 && unit < s_units.Length - 1; unit++) value /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{value:0.#} {s_units[unit]}");
    }

    /// <summary>A number of bytes as it is shown: exact for programs, in units on a terminal.</summary>
    public static string Shown(long bytes) =>
        Output.IsTerminal ? Of(bytes) : bytes.ToString(CultureInfo.InvariantCulture);
}
