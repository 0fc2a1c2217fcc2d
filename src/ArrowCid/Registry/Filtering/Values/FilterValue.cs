using System.Text;
using ArrowCid.Ipld;

namespace ArrowCid.Registry;

/// <summary>
/// The operand of an operator. Each kind of value says what it makes of each kind of a field's values; what it does
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
