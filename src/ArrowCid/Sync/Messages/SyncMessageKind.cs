namespace ArrowCid.Sync;

/// <summary>The first item of a message. Numbers are part of the format (<c>SYNC.md</c>, Messages).</summary>
internal enum SyncMessageKind
{
    Hello = 0,
    Welcome = 1,
    Sums = 2,
    Differences = 3,
    Symbols = 4,
    List = 6,
    Refused = 7,
    Describe = 8,
    Descriptions = 9,
    ReadBlocks = 10,
    Block = 11,
    Offer = 12,
    States = 13,
    PutBlock = 14,
    ReadFacts = 16,
    Facts = 17,
    PutFacts = 18,
    FactsTaken = 19,
    Done = 20,
}
