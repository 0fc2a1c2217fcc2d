namespace ArrowCid.Transfer;

/// <summary>A place in a JSON value, for messages.</summary>
internal sealed class JsonPath(JsonPath? parent, string name)
{
    public string Name => name;

    public override string ToString()
    {
        var parts = new Stack<string>();
        for (JsonPath? at = this; at is not null; at = at.Parent)
        {
            bool isItem = at.Name == "[]";
            parts.Push(isItem || at.Parent is null ? at.Name : $".{at.Name}");
        }

        return string.Concat(parts);
    }

    private JsonPath? Parent => parent;
}
