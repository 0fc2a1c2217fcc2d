namespace ArrowCid.Registry;

/// <summary>What a section of a run is sorted by. Numbers are part of the format (<c>INDEXES.md</c>).</summary>
internal enum IndexKind
{
    Cid = 1,
    Name = 2,
    Producer = 3,
    Schema = 4,
    Tag = 5,
    Created = 6,
    Parent = 7,
    Expires = 8,
    Pinned = 9,

    Result = 10,
    Copy = 11,

    Message = 12,
    Signed = 13,
}
