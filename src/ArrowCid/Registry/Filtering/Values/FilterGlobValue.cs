using System.Text;

namespace ArrowCid.Registry;

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
