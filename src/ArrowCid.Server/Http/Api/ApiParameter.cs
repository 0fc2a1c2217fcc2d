namespace ArrowCid.Server.Http;

/// <summary>A parameter of an operation, as the OpenAPI document describes it.</summary>
/// <param name="Name">The name.</param>
/// <param name="Description">A sentence.</param>
internal sealed record ApiParameter(string Name, string Description)
{
    /// <summary>The location: <c>query</c>, <c>path</c> or <c>header</c>.</summary>
    public string In { get; init; } = "query";

    /// <summary>The JSON type of one value.</summary>
    public string Type { get; init; } = "string";

    /// <summary>The default as JSON; null where there is none.</summary>
    public string? Default { get; init; }

    /// <summary>The smallest and the largest number; null for other types.</summary>
    public (int Least, int Most)? Limits { get; init; }

    /// <summary>The values of an enumeration; none where any value may be sent.</summary>
    public IReadOnlyList<string> Values { get; init; } = [];

    /// <summary>Whether the parameter may be repeated.</summary>
    public bool IsRepeated { get; init; }

    /// <summary>Whether the value is a list, separated by commas.</summary>
    public bool IsList { get; init; }

    /// <summary>An example as JSON; null where there is none.</summary>
    public string? Example { get; init; }
}
