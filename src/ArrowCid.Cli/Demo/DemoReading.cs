namespace ArrowCid.Cli.Demo;

/// <summary>What the second process tells the first: one line of JSON.</summary>
/// <param name="ProcessId">The second process.</param>
/// <param name="Places">Where each block lies, in the order of the CIDs.</param>
/// <param name="FindMilliseconds">To find and open all blocks.</param>
/// <param name="HashMilliseconds">To hash all bytes again.</param>
/// <param name="ReadMilliseconds">To read the columns and count.</param>
/// <param name="HashedBytes">Bytes hashed.</param>
/// <param name="ValueBytes">Bytes of the columns that were read.</param>
/// <param name="AllocatedBytes">Managed memory that reading the values took.</param>
/// <param name="Bands">The figures.</param>
internal sealed record DemoReading(int ProcessId, string[] Places, double FindMilliseconds, double HashMilliseconds,
    double ReadMilliseconds, long HashedBytes, long ValueBytes, long AllocatedBytes, DelayBand[] Bands);
