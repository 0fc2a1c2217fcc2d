namespace ArrowCid.Cli;

/// <summary>Rows of text in aligned columns under a line of names.</summary>
/// <param name="names">The columns' names; one that begins with '&gt;' is aligned at the right.</param>
internal sealed class TextTable(params string[] names)
{
    private const int MaxWidth = 60;

    private readonly List<string[]> _rows = [];

    public int Count => _rows.Count;

    public void Add(params string[] cells) => _rows.Add(Array.ConvertAll(cells, Fit));

    /// <summary>Writes the names and the rows; no line ends in blanks.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="isRuled">Whether a line of dashes stands below the names.</param>
    public void Write(Output output, bool isRuled = false)
    {
        string[] head = Array.ConvertAll(names, name => name.TrimStart('>'));
        int[] widths = Array.ConvertAll(head, name => name.Length);
        foreach (string[] row in _rows)
        {
            for (int i = 0; i < widths.Length; i++) widths[i] = Math.Max(widths[i], row[i].Length);
        }

        Line(head);
        if (isRuled) Line(Array.ConvertAll(widths, width => new string('-', width)));
        foreach (string[] row in _rows) Line(row);

        void Line(string[] cells) => output.Line(string.Join("  ", cells.Select((cell, i) =>
            names[i].StartsWith('>') ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]))).TrimEnd());
    }

    private static string Fit(string cell)
    {
        string text = CommandError.Visible(cell);
        return text.Length <= MaxWidth ? text : $"{text[..(MaxWidth - 1)]}…";
    }
}
