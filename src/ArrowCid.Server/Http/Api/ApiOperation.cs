namespace ArrowCid.Server.Http;

/// <summary>A route as the OpenAPI document describes it. The rest follows from the route: its path parameters, its
/// security, and the errors that every route of its kind has.</summary>
/// <param name="Id">The operation id: the name of the method in generated clients.</param>
/// <param name="Summary">A sentence.</param>
/// <param name="Answers">The answers that are not errors.</param>
internal sealed record ApiOperation(string Id, string Summary, params IReadOnlyList<ApiAnswer> Answers)
{
    /// <summary>The parameters of the query and the headers.</summary>
    public IReadOnlyList<ApiParameter> Parameters
    {
        get;
        init
        {
            field = value;
            QueryNames = [.. value.Where(each => each.In == "query").Select(each => each.Name)];
        }
    } = [];

    /// <summary>The names of the query parameters.</summary>
    public IReadOnlyList<string> QueryNames { get; private init; } = [];

    /// <summary>The content types of the request body; none where there is no body.</summary>
    public IReadOnlyList<string> BodyTypes { get; init; } = [];

    /// <summary>The schema of the request body; null for bytes and text.</summary>
    public string? BodySchema { get; init; }

    /// <summary>The statuses of errors that other routes of the kind do not have.</summary>
    public IReadOnlyList<int> Errors { get; init; } = [];
}
