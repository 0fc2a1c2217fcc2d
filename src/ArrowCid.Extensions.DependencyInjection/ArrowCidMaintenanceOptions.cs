namespace ArrowCid.Extensions.DependencyInjection;

/// <summary>How a registered store is maintained in the background.</summary>
public sealed class ArrowCidMaintenanceOptions
{
    /// <summary>The time between rounds (<see cref="MaintenanceOptions.Interval"/>). A minute unless set.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The share of time that steps take while others put much (<see cref="MaintenanceOptions.Share"/>). A
    /// tenth unless set.</summary>
    public double Share { get; set; } = 0.1;
}
