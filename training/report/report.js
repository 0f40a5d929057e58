const enlarge = watchLightbox();
const highlight = watchMap(enlarge);
watchOverview(highlight);
