namespace ArrowCid.Memory;

/// <summary>A struct ArrowSchema to be made.</summary>
/// <param name="Format">The format.</param>
/// <param name="Name">The name.</param>
/// <param name="Metadata">Encoded metadata; null for none.</param>
/// <param name="Flags">The flags.</param>
/// <param name="Children">The children.</param>
/// <param name="Dictionary">The values of a dictionary-encoded array.</param>
internal sealed record CSchemaNode(
    CText Format, CText Name, CText? Metadata, long Flags, CSchemaNode[] Children, CSchemaNode? Dictionary);
