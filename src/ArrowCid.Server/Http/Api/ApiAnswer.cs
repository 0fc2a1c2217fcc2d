namespace ArrowCid.Server.Http;

/// <summary>An answer of an operation that is not an error, as the OpenAPI document describes it.</summary>
/// <param name="Status">The status.</param>
/// <param name="Description">A sentence.</param>
/// <param name="Types">The content types; none where the answer has no body.</param>
internal sealed record ApiAnswer(int Status, string Description, params IReadOnlyList<string> Types)
{
    /// <summary>The schema of the body, or of each line; null for bytes and text.</summary>
    public string? Schema { get; init; }
}
