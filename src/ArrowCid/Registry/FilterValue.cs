using System.Text;
using ArrowCid.Ipld;

namespace ArrowCid.Registry;

/// <summary>How a field is compared with a value.</summary>
internal enum FilterOperator
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Glob,
}

/// <summary>
/// What stands behind an operator. Each kind of value says what it makes of each kind of a field's values; what it does
/// not speak of it does not hold for. <see cref="FilterOperator.NotEqual"/> never comes here: it is the denial of
/// Equal, one level up.
/// </summary>
internal abstract class FilterValue
{
    public virtual bool Holds(FilterOperator op, Cid cid) => false;

    public virtual bool Holds(FilterOperator op, FilterNumber number) => false;

    /// <summary>Of a text that is nothing but text.</summary>
    public virtual bool Holds(FilterOperator op, string text) => false;

    /// <summary>Of a tag, whose text is read as what it is compared with.</summary>
    public virtual bool HoldsOfTag(FilterOperator op, string text) => false;

    /// <summary>Of a moment, in ticks of UTC.</summary>
    public virtual bool HoldsOfTime(FilterOperator op, long ticks) => false;

    /// <summary>Of a span of time, in ticks.</summary>
    public virtual bool HoldsOfSpan(FilterOperator op, long ticks) => false;

    /// <summary>Of true, false and, in JSON, null.</summary>
    public virtual bool HoldsOfConstant(bool? constant) => false;

    /// <summary>Of a value of JSON; of a list where it holds of an item.</summary>
    public bool Holds(FilterOperator op, IpldNode node)
    {
        if (node.Kind != IpldKind.List) return HoldsOfOne(op, node);
        foreach (IpldNode item in node.Items)
        {
            if (HoldsOfOne(op, item)) return true;
        }

        return false;
    }

    public abstract void Print(StringBuilder to);

    protected virtual bool HoldsOfJsonText(FilterOperator op, string text) => Holds(op, text);

    protected static bool Holds(FilterOperator op, int order) => op switch
    {
        FilterOperator.Equal => order == 0,
        FilterOperator.Less => order < 0,
        FilterOperator.LessOrEqual => order <= 0,
        FilterOperator.Greater => order > 0,
        FilterOperator.GreaterOrEqual => order >= 0,
        _ => false,
    };

    private bool HoldsOfOne(FilterOperator op, IpldNode node) => node.Kind switch
    {
        IpldKind.Integer => Holds(op, FilterNumber.Of(node.AsInteger())),
        IpldKind.Float => Holds(op, FilterNumber.Of(node.AsFloat())),
        IpldKind.Text => HoldsOfJsonText(op, node.AsText()),
        IpldKind.Link => Holds(op, node.AsLink().ToString()),
        IpldKind.Bool => HoldsOfConstant(node.AsBool()),
        IpldKind.Null => HoldsOfConstant(null),
        _ => false,
    };
}

/// <summary>A text.</summary>
internal sealed class FilterTextValue(string text) : FilterValue
{
    public string Text => text;

    public override bool Holds(FilterOperator op, string other) => Holds(op, string.CompareOrdinal(other, text));

    public override bool HoldsOfTag(FilterOperator op, string other) => Holds(op, other);

    public override void Print(StringBuilder to) => FilterText.Quote(text, to);
}

/// <summary>A pattern over text.</summary>
internal sealed class FilterGlobValue(string pattern) : FilterValue
{
    private readonly FilterGlob _glob = new(pattern);

    /// <summary>What every text that it is like begins with.</summary>
    public string Prefix => _glob.Prefix;

    public override bool Holds(FilterOperator op, Cid cid) => _glob.IsMatch(cid.ToString());

    public override bool Holds(FilterOperator op, string text) => _glob.IsMatch(text);

    public override bool HoldsOfTag(FilterOperator op, string text) => _glob.IsMatch(text);

    public override void Print(StringBuilder to) => FilterText.Quote(_glob.Pattern, to);
}

/// <summary>A CID.</summary>
internal sealed class FilterCidValue(Cid cid) : FilterValue
{
    public Cid Cid => cid;

    public override bool Holds(FilterOperator op, Cid other) => op == FilterOperator.Equal && other == cid;

    public override void Print(StringBuilder to) => to.Append('"').Append(cid.ToString()).Append('"');
}

/// <summary>A number.</summary>
internal sealed class FilterNumberValue(FilterNumber number) : FilterValue
{
    public override bool Holds(FilterOperator op, FilterNumber other) => Holds(op, other.CompareTo(number));

    public override bool HoldsOfTag(FilterOperator op, string text) =>
        FilterNumber.TryParse(text, out FilterNumber other) && Holds(op, other);

    public override void Print(StringBuilder to) => to.Append(number.ToString());
}

/// <summary>True, false or null.</summary>
internal sealed class FilterConstantValue(bool? constant) : FilterValue
{
    public bool? Constant => constant;

    public override bool HoldsOfTag(FilterOperator op, string text) => text == Word;

    public override bool HoldsOfConstant(bool? other) => other == constant;

    public override void Print(StringBuilder to) => to.Append(Word);

    private string Word => constant switch { null => "null", true => "true", false => "false" };
}

/// <summary>A date or time.</summary>
internal sealed class FilterTimeValue(FilterTime time) : FilterValue
{
    public FilterTime Time => time;

    public override bool HoldsOfTime(FilterOperator op, long ticks) => Holds(op, time.Place(ticks));

    public override bool HoldsOfTag(FilterOperator op, string text) =>
        FilterText.TryParseTime(text, out FilterTime other) && HoldsOfTime(op, other.From);

    public override void Print(StringBuilder to) => to.Append(FilterText.Print(time));

    protected override bool HoldsOfJsonText(FilterOperator op, string text) => HoldsOfTag(op, text);
}

/// <summary>A span of time.</summary>
internal sealed class FilterSpanValue(long ticks) : FilterValue
{
    public long Ticks => ticks;

    public override bool HoldsOfSpan(FilterOperator op, long other) => Holds(op, other.CompareTo(ticks));

    public override void Print(StringBuilder to) => to.Append(FilterText.PrintSpan(ticks));
}
