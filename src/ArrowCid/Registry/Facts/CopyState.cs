namespace ArrowCid.Registry;

/// <summary>What a fact records about a copy: enough to list a block that was never here.</summary>
/// <param name="Form">The form of the copy: <c>block</c> for the bytes themselves.</param>
/// <param name="Bytes">The number of bytes of the block.</param>
/// <param name="Kind">The block's kind, as a number from 1 on.</param>
/// <param name="Rows">The rows of a batch or dataset; else 0.</param>
/// <param name="Schema">The schema of a batch or dataset.</param>
internal sealed record CopyState(string Form, ulong Bytes, ulong Kind, ulong Rows, Cid? Schema);
