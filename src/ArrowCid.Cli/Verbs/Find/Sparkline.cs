using System.Globalization;
using ArrowCid.Columnar;

namespace ArrowCid.Cli.Verbs;

/// <summary>The distribution of a numeric column in one line, for a person: <c>▁▃▇▅▂ 1 to 99, 2 % null</c>.</summary>
internal static class Sparkline
{
    private const int Bins = 16, MaxRows = 20_000;
    private const string Levels = "▁▂▃▄▅▆▇█";

    /// <summary>Draws a column; of a long one, rows at equal distances.</summary>
    /// <param name="column">The column.</param>
    /// <returns>The line; null if the column is not numeric or has no number.</returns>
    public static string? Draw(ArrowArray column)
    {
        if (!ValueText.IsNumber(column.Type)) return null;
        int count = Math.Min(column.Length, MaxRows), nulls = 0;
        var values = new List<double>(count);
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        var sink = new TextSink(text, long.MaxValue, cuts: false);
        for (int i = 0; i < count; i++)
        {
            int slot = (int)((long)i * column.Length / count);
            if (ValueText.Follow(column, ref slot) is not { } plain)
            {
                nulls++;
                continue;
            }

            _ = text.GetStringBuilder().Clear();
            ValueText.WritePlain(plain, slot, sink);
            bool isNumber = double.TryParse(text.ToString(), CultureInfo.InvariantCulture, out double value);
            if (isNumber && double.IsFinite(value)) values.Add(value);
        }

        if (values.Count == 0) return null;
        (double low, double high) = (values.Min(), values.Max());
        string share = nulls == 0
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $", {100.0 * nulls / count:0.#} % null");
        string about = column.Length > count ? "about " : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"{Line(values, low, high)} {about}{low:G6} to {high:G6}{share}");
    }

    private static string Line(List<double> values, double low, double high)
    {
        int[] counts = new int[Bins];
        // Half of each, so that the width of the largest numbers is finite.
        double width = high / 2 - low / 2;
        foreach (double value in values)
            counts[width > 0 ? Math.Min(Bins - 1, (int)((value / 2 - low / 2) / width * Bins)) : 0]++;
        int most = counts.Max();
        return string.Concat(counts.Select(count => count == 0
            ? ' '
            : Levels[(int)(((long)count * Levels.Length + most - 1) / most) - 1]));
    }
}
