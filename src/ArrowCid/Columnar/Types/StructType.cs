namespace ArrowCid.Columnar;

/// <summary>A tuple of named fields.</summary>
/// <param name="fields">The fields, in order.</param>
internal sealed class StructType(params Field[] fields) : NestedType(ArrowTypeId.Struct, fields);
