using System.Globalization;
using System.Text;

namespace ArrowCid.Ipld;

/// <summary>Writes nodes for people, and stops where the text gets long.</summary>
internal sealed class IpldDiagnostic
{
    private const int MaxLength = 1000, ShownBytes = 32, ShownChars = 200;

    private readonly StringBuilder _text = new();

    private bool IsFull => _text.Length >= MaxLength;

    public string Describe(IpldNode node)
    {
        Append(node);
        return _text.ToString();
    }

    private void Append(IpldNode node)
    {
        switch (node.Kind)
        {
            case IpldKind.Null: _text.Append("null"); break;
            case IpldKind.Bool: _text.Append(node.AsBool() ? "true" : "false"); break;
            case IpldKind.Integer: _text.Append(CultureInfo.InvariantCulture, $"{node.AsInteger()}"); break;
            case IpldKind.Float: AppendFloat(node.AsFloat()); break;
            case IpldKind.Bytes: AppendBytes(node.AsBytes().Span); break;
            case IpldKind.Text: AppendText(node.AsText()); break;
            case IpldKind.Link: _text.Append(CultureInfo.InvariantCulture, $"link({node.AsLink()})"); break;
            case IpldKind.List: AppendList(node.ItemArray); break;
            default: AppendMap(node.EntryArray); break;
        }
    }

    private void AppendList(IpldNode[] items)
    {
        _text.Append('[');
        for (int i = 0; i < items.Length; i++)
        {
            if (!AppendSeparator(i)) break;
            Append(items[i]);
        }

        _text.Append(']');
    }

    private void AppendMap(KeyValuePair<string, IpldNode>[] entries)
    {
        _text.Append('{');
        for (int i = 0; i < entries.Length; i++)
        {
            if (!AppendSeparator(i)) break;
            AppendText(entries[i].Key);
            _text.Append(": ");
            Append(entries[i].Value);
        }

        _text.Append('}');
    }

    private bool AppendSeparator(int place)
    {
        if (place > 0) _text.Append(", ");
        if (!IsFull) return true;
        _text.Append('…');
        return false;
    }

    // A float shows that it is one: 1.0, not 1.
    private void AppendFloat(double value)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture);
        _text.Append(text);
        if (!text.Contains('.', StringComparison.Ordinal) && !text.Contains('E', StringComparison.Ordinal))
        {
            _text.Append(".0");
        }
    }

    private void AppendBytes(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> shown = bytes[..Math.Min(bytes.Length, ShownBytes)];
        _text.Append("h'").Append(Convert.ToHexStringLower(shown)).Append('\'');
        if (shown.Length < bytes.Length) _text.Append(CultureInfo.InvariantCulture, $"… ({bytes.Length} bytes)");
    }

    private void AppendText(string text)
    {
        _text.Append('"');
        foreach (char c in text.AsSpan(0, Math.Min(text.Length, ShownChars)))
        {
            if (c is '"' or '\\') _text.Append('\\').Append(c);
            else if (char.IsControl(c)) _text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else _text.Append(c);
        }

        _text.Append('"');
        if (text.Length > ShownChars) _text.Append(CultureInfo.InvariantCulture, $"… ({text.Length} characters)");
    }
}
