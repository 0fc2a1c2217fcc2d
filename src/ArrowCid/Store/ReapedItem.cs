namespace ArrowCid;

/// <summary>Something that a dead process left in a store.</summary>
/// <param name="Kind">What it is: <c>lane</c>, <c>segment</c>, <c>file</c> or <c>participant</c>.</param>
/// <param name="Name">Which one; of participants, how many.</param>
/// <param name="ByteLength">The bytes that it took.</param>
public readonly record struct ReapedItem(string Kind, string Name, long ByteLength);
