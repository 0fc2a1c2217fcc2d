namespace ArrowCid.Columnar;

/// <summary>
/// The path of a field: its name and its parents. The text is built on demand, since the texts of all fields may take
/// far more than their names: many children under a long name.
/// </summary>
internal sealed class FieldPath(FieldPath? parent, string name)
{
    /// <summary>The names, ancestors first, joined by dots.</summary>
    public override string ToString()
    {
        var names = new Stack<string>();
        for (FieldPath? at = this; at is not null; at = at.Parent) names.Push(at.Name);
        return string.Join('.', names);
    }

    public static implicit operator string(FieldPath? path) => path?.ToString() ?? "";

    private FieldPath? Parent { get; } = parent;

    private string Name { get; } = name;
}
