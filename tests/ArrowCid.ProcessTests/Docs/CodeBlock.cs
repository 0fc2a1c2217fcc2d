namespace ArrowCid.ProcessTests.Docs;

/// <summary>One fenced code block of a document.</summary>
/// <param name="Document">The document's path below the root, with forward slashes.</param>
/// <param name="Line">The line of its opening fence, from 1.</param>
/// <param name="Number">Its number among the document's blocks of this language, from 1.</param>
/// <param name="Language">The first word after the opening fence up to a comma; empty where there is none.</param>
/// <param name="Text">The lines between the fences.</param>
/// <param name="NotRun">Why the tests do not run it, as the line after the block says; null for a block that runs.</param>
internal sealed record CodeBlock(string Document, int Line, int Number, string Language, string Text, string? NotRun)
{
    /// <summary>Where the block is, for messages.</summary>
    public string Place => $"{Document}:{Line}";
}
